#!/usr/bin/env bash
# The compiler of our crates in `make test`: clippy's driver, which lints and builds at once, where a crate is built with its
# tests, and of programs; the compiler where a library is built a second time for those that use it.
case " $* " in
  *" --test "* | *" --crate-type bin "*) exec "$CLIPPY_DRIVER" "$@" ;;
  *) exec "$@" ;;
esac
