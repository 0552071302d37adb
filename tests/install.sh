#!/bin/sh
# Install one system package with whatever package manager is here; for Chromium fall back on Playwright's own.
# Exit 3 with the remedy when nothing worked.
set -u
package=$1
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo -n"

try() { echo "Installing $package: $*" >&2; $as_root "$@" >/dev/null 2>&1; }
have() { command -v "$1" >/dev/null 2>&1; }

if have apt-get; then
  try apt-get install -y --no-install-recommends "$package" && exit 0
  try apt-get update && try apt-get install -y --no-install-recommends "$package" && exit 0
  [ "$package" = chromium ] && try apt-get install -y --no-install-recommends chromium-browser && exit 0
elif have dnf; then try dnf install -y "$package" && exit 0
elif have pacman; then try pacman -S --noconfirm "$package" && exit 0
elif have apk; then try apk add "$package" && exit 0
fi
if [ "$package" = chromium ] && [ -x .venv/bin/playwright ]; then
  echo "Installing chromium: playwright install chromium" >&2
  .venv/bin/playwright install chromium >/dev/null 2>&1 && exit 0
fi
echo "archiver: $package is missing and could not be installed here." >&2
echo "  Install it with your package manager (Debian: sudo apt-get install $package), then run make again." >&2
exit 3
