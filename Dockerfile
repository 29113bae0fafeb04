# The service with Swift's libraries linked statically. Debian's libcurl, SQLite, zlib and libdeflate stay
# shared, so that security updates of the base image reach them.
FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libcurl4-openssl-dev libsqlite3-dev zlib1g-dev libdeflate-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --product bellwether --static-swift-stdlib \
    && install -D -s "$(swift build -c release --show-bin-path)/bellwether" /out/bellwether

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates tzdata libcurl4 libsqlite3-0 libstdc++6 zlib1g libdeflate0 \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 65532 -g 65532 -m 0700 /var/lib/bellwether
COPY --from=build /out/bellwether /usr/local/bin/bellwether
COPY templates /usr/local/share/bellwether/templates
USER 65532:65532
WORKDIR /var/lib/bellwether
VOLUME /var/lib/bellwether
EXPOSE 8443
# Without a configuration the service uses the defaults, which listen on loopback only.
ENTRYPOINT ["/usr/local/bin/bellwether"]
CMD ["serve"]
