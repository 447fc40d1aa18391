"""The page in the browser and its two endpoints. Gradio is imported below this door only."""

import os

# Read when gradio is imported; without it the server looks up hosts on the internet.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
