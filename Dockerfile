# One image for every process of the studio; docker-compose.yml says which runs what.

FROM node:22-bookworm-slim AS pages
WORKDIR /unroll
COPY .npmrc package.json package-lock.json ./
RUN npm ci
COPY webapp/frontend webapp/frontend
RUN npm run build

FROM python:3.12-slim-bookworm
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /unroll

COPY requirements/base.txt requirements/
RUN pip install --require-hashes --requirement requirements/base.txt
# The build for CPUs. An empty index brings the one for NVIDIA GPUs (see training-gpu in docker-compose.yml).
ARG TORCH_SPEC=torch==2.13.0
ARG TORCH_INDEX_URL=https://download.pytorch.org/whl/cpu
RUN pip install ${TORCH_INDEX_URL:+--index-url "$TORCH_INDEX_URL"} "$TORCH_SPEC"

COPY . .
COPY --from=pages /unroll/webapp/static/dist webapp/static/dist
RUN useradd --create-home unroll && install --directory --owner unroll /data
USER unroll
ENV UNROLL_DATA=/data
VOLUME /data
EXPOSE 8000
CMD ["python", "-m", "jobs.roles", "web", "--host", "0.0.0.0"]
