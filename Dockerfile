# The service in an image without a shell: the executable of the Debian package, the libraries that it
# loads, certificate authorities and time zones. Runs as user 65532, with a read-only root; the data is
# in the volume /var/lib/bellwether.
#
#   docker build --build-arg COMMIT="$(git rev-parse --short=12 HEAD)" -t bellwether .
#
# With a package that was built before (a folder with one .deb), nothing is compiled:
#   docker build --build-context package=dist -t bellwether .
FROM swift:6.3-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends dpkg-dev libcurl4-openssl-dev libdeflate-dev libexpat1-dev libsqlite3-dev libssl-dev pkg-config python3 zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
ARG COMMIT
ARG SOURCE_DATE_EPOCH=0
RUN BELLWETHER_COMMIT="$COMMIT" Scripts/package.sh

FROM scratch AS package
COPY --from=build /src/dist/*.deb /

FROM debian:bookworm-slim AS root
COPY --from=package /*.deb /tmp/
COPY Scripts/image-root.sh /tmp/
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends /tmp/*.deb \
    && /tmp/image-root.sh /root-of-image

FROM scratch
COPY --from=root /root-of-image /
USER 65532:65532
WORKDIR /var/lib/bellwether
VOLUME /var/lib/bellwether
EXPOSE 8443
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/bin/bellwether", "health", "--config", "/etc/bellwether/bellwether.yaml"]
ENTRYPOINT ["/usr/bin/bellwether"]
CMD ["serve", "--config", "/etc/bellwether/bellwether.yaml"]
