from . import checkout, tracking
