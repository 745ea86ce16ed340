from . import tools
from . import models
from . import controllers
from . import wizards
from .platforms import handlers
