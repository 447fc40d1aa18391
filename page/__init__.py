"""The page in the browser and its endpoints. Gradio is imported in this package only."""

import os
import sys

# All are read when Gradio is imported. By default it looks up hosts on the internet,
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# sums up the last 10,000 calls with pandas after each call, for a page that is not open here,
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)
# and looks for Matplotlib on the disk at each call.
sys.modules.setdefault("matplotlib", None)  # type: ignore[arg-type]
