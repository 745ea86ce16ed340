import cProfile, pstats, io, time, traceback
from collections import Counter
from unittest.mock import patch
from odoo.tests import tagged
from odoo.sql_db import Cursor
from .common import AftersalesCase

@tagged("post_install", "-at_install", "zzprofile")
class TestZZ(AftersalesCase):
    def test_profile(self):
        self.env = self.env(context={k: v for k, v in self.env.context.items() if k != "tracking_disable"})
        self.policy.write({"auto_approve": True, "refund_on": "request", "days_return": 30})
        self._create_tax(19, included=True)
        def one(n):
            return self._sell(ship=True, invoice=True, external_id=f"P-{n}", lines=[
                self._line(quantity="2", price="11.90", taxes=[{"rate": "19", "amount": "3.80"}]),
                self._line("LAMP", price="23.80", taxes=[{"rate": "19", "amount": "3.80"}])], total="47.60", prices_include_tax=True)
        Case = self.env["ecom.return"]
        def run(so):
            values = {"type": "return", "sale_order_id": so.id, "reason": "withdrawal", "origin": "portal",
                      "lines": [{"sale_line_id": l.id, "quantity": l.qty_delivered} for l in so.order_line]}
            Case._preview_request(values)
            c = Case._create_request(values)[0]
            self.env.flush_all()
            return c
        warm = one(1); run(warm)
        so = one(2); self.env.flush_all(); self.env.invalidate_all()
        who, top = Counter(), Counter()
        orig = Cursor.execute
        def execute(cr, query, *a, **k):
            st = traceback.extract_stack()
            ours = [f for f in st if "/addons/ecom_" in f.filename and "test_zz" not in f.filename]
            key = " < ".join(f"{f.name}:{f.lineno}" for f in reversed(ours[-3:]))
            who[key] += 1
            f = [f for f in ours if "ecom_return" in f.filename or 'sale_order' in f.filename]
            top[" > ".join(f.name for f in ours[1:4])] += 1
            return orig(cr, query, *a, **k)
        with patch.object(Cursor, "execute", execute):
            c = run(so)
        out = [f"issued {c.amount_issued} credited {c.amount_credited} state {c.goods_state}", f"total {sum(who.values())}"]
        out += [f"{n:4} {k}" for k, n in top.most_common(25)] + ["---"] + [f"{n:4} {k}" for k, n in who.most_common(70)]
        so = one(3); self.env.flush_all(); self.env.invalidate_all()
        t = time.process_time(); p = cProfile.Profile(); p.enable(); run(so); p.disable()
        out.append(f"cpu with profile {time.process_time() - t}")
        s = io.StringIO(); pstats.Stats(p, stream=s).sort_stats("cumulative").print_stats("ecom_|stock_return|account_move.py|mail_", 60); out.append(s.getvalue())
        so = one(4); self.env.flush_all(); self.env.invalidate_all()
        t = time.process_time(); w = time.time(); n = self.env.cr.sql_log_count; run(so); out.append(f"cpu {time.process_time() - t} wall {time.time() - w} sql {self.env.cr.sql_log_count - n}")
        open("/tmp/fprof/out.txt", "w").write("\n".join(out))
