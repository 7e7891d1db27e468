# Harrier in a container: docker build -t harrier . && docker run -p 3000:3000 -v harrier:/data harrier

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The image has Node 24 already, so the npm package `node` needs no install script here.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node node_modules/node-bin-* node_modules/.bin/node

FROM node:24-slim
ENV NODE_ENV=production HARRIER_DATA_DIR=/data HARRIER_OPERATOR_HOST=127.0.0.1
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY lexicons ./lexicons
COPY src ./src
COPY scripts ./scripts
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.HARRIER_PUBLIC_PORT || 3000) + '/xrpc/_health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "--max-semi-space-size=2", "src/main.ts"]
