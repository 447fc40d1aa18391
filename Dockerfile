# The page in a container:
#   docker build -t digits . && docker run --rm -p 7860:7860 digits
# Serve other weights with -e DIGIT_MODEL_REPO=… -e DIGIT_MODEL_REVISION=…. For a Docker Space, put
# `sdk: docker` and `app_port: 7860` into the front matter of README.md.
FROM python:3.12-slim

# Spaces run containers as user 1000.
RUN useradd --create-home --uid 1000 reader
USER reader
WORKDIR /home/reader/app

COPY --chown=reader requirements.txt ./
RUN python -m venv /home/reader/venv && /home/reader/venv/bin/pip install --no-cache-dir -r requirements.txt
ENV PATH=/home/reader/venv/bin:$PATH PYTHONUNBUFFERED=1 GRADIO_SERVER_NAME=0.0.0.0

COPY --chown=reader app.py LICENSE ./
COPY --chown=reader page ./page
COPY --chown=reader browser ./browser
COPY --chown=reader digit_model ./digit_model

EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=30s --timeout=5s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/', timeout=4)"]
# Process 1 ignores SIGTERM unless it handles it; Python handles SIGINT.
STOPSIGNAL SIGINT
CMD ["python", "app.py"]
