from . import tools
from . import models
from . import controllers
from .platforms import handlers
