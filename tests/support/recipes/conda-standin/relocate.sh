#!/bin/sh
# shellcheck disable=SC2016 # it is the linker that reads $ORIGIN
# relocate.sh PREFIX: copy Debian's Python to PREFIX so that it runs from wherever that is copied.
set -eu
prefix=$1
version=3.13
lib=$prefix/lib/python$version

mkdir -p "$prefix/bin" "$prefix/lib/stand-in"
cp "/usr/bin/python$version" "$prefix/bin/"
cp -r "/usr/lib/python$version" "$prefix/lib/"
rm -f "$lib/EXTERNALLY-MANAGED" "$lib/sitecustomize.py"
find "$lib" -name __pycache__ -prune -exec rm -rf {} +
ln -s "python$version" "$prefix/bin/python3"
ln -s python3 "$prefix/bin/python"

# The libraries that Python needs and a slim Debian may lack, found by RPATH, as in conda.
# (The C library stays Debian's.)
{ ldd "/usr/bin/python$version"; ldd "$lib"/lib-dynload/*.so; } 2>/dev/null |
    awk '$3 ~ "^/" { print $3 }' | sort -u |
    grep -Ev '/(libc|libm|libdl|libpthread|librt|ld-linux[^/]*)\.so' |
    xargs -I{} cp -L {} "$prefix/lib/stand-in/"
patchelf --set-rpath '$ORIGIN/../lib/stand-in' "$prefix/bin/python$version"
for file in "$lib"/lib-dynload/*.so; do
    patchelf --set-rpath '$ORIGIN/../../stand-in' "$file"
done
for file in "$prefix"/lib/stand-in/*; do
    patchelf --set-rpath '$ORIGIN' "$file"
done

# Debian's dist-packages, back to the site-packages of every other Python (in the module site, which
# is frozen into the program, and in sysconfig, which has them for virtual environments).
LC_ALL=C sed -i 's/dist-packages/site-packages/g' "$prefix/bin/python$version" "$lib/site.py"
sed -i 's/sys.base_prefix != sys.prefix or hasattr(sys, "real_prefix")/True/' \
    "$lib/sysconfig/__init__.py"
mkdir -p "$lib/site-packages" "$lib/ensurepip/_bundled"
wheel=$(ls /usr/share/python-wheels/pip-*.whl)
pip_version=$(basename "$wheel" | cut -d- -f2)
cp "$wheel" "$lib/ensurepip/_bundled/"
touch "$lib/ensurepip/_bundled/__init__.py"
sed -i -e "s/^_PIP_VERSION = .*/_PIP_VERSION = \"$pip_version\"/" \
    -e "s/get_config_var('WHEEL_PKG_DIR')/get_config_var('NO_WHEEL_PKG_DIR')/" \
    -e "s/^def _ensurepip_is_disabled_in_debian_for_system():/&\n    return\n/" \
    "$lib/ensurepip/__init__.py"
"$prefix/bin/python3" -m ensurepip --default-pip
