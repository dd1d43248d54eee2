# Which of Debian's packages a script has to fetch. Sourced; sets `wanted` to all of `packages`, and those of
# `packages_where_missing` ("package library") whose library the machine has not.
# shellcheck shell=bash disable=SC2154,SC2034

wanted=("${packages[@]}")
libraries=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null || true)
for pair in "${packages_where_missing[@]}"; do
    read -r package library <<<"$pair"
    case $libraries in
    *"$library"*) ;;
    *) wanted+=("$package") ;;
    esac
done
