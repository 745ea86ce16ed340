{
    "name": "E-commerce Orders on OCA's Job Queue",
    "summary": "Processes channel orders as jobs of queue_job, for those who operate it already",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "license": "LGPL-3",
    "author": "E-commerce Suite Contributors",
    "depends": ["ecom_order_mgmt", "queue_job"],
    "data": ["data/queue_job_data.xml"],
}
