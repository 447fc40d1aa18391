# The page in a container:
#   docker build -t digits . && docker run --rm -p 7860:7860 digits
# Name other weights with -e DIGIT_MODEL_REPO=… -e DIGIT_MODEL_REVISION=… ; in a Space, give its README
# `sdk: docker` and `app_port: 7860`.
FROM python:3.12-slim

# Hugging Face runs containers as this user, too.
RUN useradd --create-home --uid 1000 reader
USER reader
WORKDIR /home/reader/app

COPY --chown=reader requirements.txt ./
RUN python -m venv /home/reader/venv && /home/reader/venv/bin/pip install --no-cache-dir -r requirements.txt
ENV PATH=/home/reader/venv/bin:$PATH PYTHONUNBUFFERED=1 GRADIO_SERVER_NAME=0.0.0.0

COPY --chown=reader app.py LICENSE ./
COPY --chown=reader page ./page
COPY --chown=reader digit_model ./digit_model

EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=30s --timeout=5s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/', timeout=4)"]
# What a process with the number 1 does not ignore.
STOPSIGNAL SIGINT
CMD ["python", "app.py"]
