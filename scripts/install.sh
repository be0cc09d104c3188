#!/usr/bin/env bash
# Installs what the tests need and is not there yet: Debian packages, the web app's packages, the linter.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
command -v chromium >/dev/null || packages+=(chromium)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || packages+=(postgresql)
command -v strace >/dev/null || packages+=(strace)
libraries=$(/sbin/ldconfig -p)
for library in libmariadb:libmariadb3 libxml2:libxml2 libpcreposix:libpcre3; do # of Kannel's carrier
  [[ $libraries == *"${library%%:*}.so"* ]] || packages+=("${library##*:}")
done
sudo=""; [ "$(id -u)" = 0 ] || sudo=sudo
if [ ${#packages[@]} -gt 0 ]; then
  echo "Installing Debian packages: ${packages[*]}"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq "${packages[@]}" >/dev/null
fi

if [ -f web/package.json ] && ! cmp -s web/package-lock.json web/node_modules/.installed-lock; then
  echo "Installing the web app's packages"
  (cd web && npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed-lock)
fi

peer=internal/channel/smpp/smpptest/peer
if ! cmp -s $peer/package-lock.json $peer/node_modules/.installed-lock; then
  echo "Installing node-smpp, a carrier for the tests"
  (cd $peer && npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed-lock)
fi

# Unpacked, not installed: the package is wanted for one program, not for its services.
if [ ! -x .tools/kannel/usr/lib/kannel/test/drive_smpp ]; then
  echo "Unpacking Kannel's drive_smpp, another"
  mkdir -p .tools/kannel
  apt-cache show kannel-extras >/dev/null 2>&1 || $sudo apt-get update -qq
  (cd .tools/kannel && apt-get download -qq kannel-extras && dpkg -x kannel-extras_*.deb . && rm kannel-extras_*.deb)
fi

lint=v2.15.0
if ! .tools/golangci-lint version 2>/dev/null | grep -q "${lint#v}"; then
  echo "Building the Go linter $lint (a few minutes, once)"
  GOBIN="$PWD/.tools" go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$lint"
fi
