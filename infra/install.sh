#!/usr/bin/env bash
# Turns a bare Debian 12 or Ubuntu 24.04 into a working HTTPS Stint: install.sh [OPTION...], as root.
#
#   --name NAME        the DNS name (or the address) under which it answers; otherwise the host's full name, if it has
#                      one, or its address
#   --email ADDRESS    get a certificate for NAME from Let's Encrypt, whose notices go to ADDRESS; otherwise the host
#                      makes one itself, which no browser trusts
#   --release FILE|URL this release, with its checksum beside it (FILE.sha256); otherwise that of this source: from
#                      target/dist, or built here
#   --build            build it here, from this source, even if there is one
#
# It runs the roles of infra/ansible on this host and asks nothing. What was chosen is remembered in
# /etc/stint/install.json. Run again, with another release or a newer source, it upgrades: newer than all releases that
# the host has, so that one which was rolled back stays so. Otherwise the host keeps its release.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]:-.}")" && pwd)
remembered=/etc/stint/install.json
name='' email='' release='' build=''

say() { echo "install: $1" >&2; }
fail() { say "$1" && exit 1; }
apt_get() { # says something only when it fails
    local said
    said=$(DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@" </dev/null 2>&1) ||
        fail "apt-get $*: $said"
}
has() { command -v "$1" >/dev/null 2>&1; }

while (($#)); do
    case $1 in
    --name | --email | --release)
        [[ -n ${2:-} ]] || fail "$1 takes a value"
        printf -v "${1#--}" %s "$2"
        shift 2
        ;;
    --build) build=yes && shift ;;
    --help | -h) sed -n '2,/^set/ { /^set/d; s/^# \{0,1\}//p }' "${BASH_SOURCE[0]}" && exit 0 ;;
    *) fail "unknown option $1: --name NAME, --email ADDRESS, --release FILE|URL, --build" ;;
    esac
done

# --- What it cannot do is said before anything is changed ------------------------------------------------------------

[[ $EUID -eq 0 ]] || fail "run it as root: sudo $0"
# shellcheck source=/dev/null
system=$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${VERSION_ID:-}") || system=
[[ $system == "debian 12" || $system == "ubuntu 24.04" ]] ||
    fail "it knows Debian 12 and Ubuntu 24.04, and this is ${system:-something else}"
[[ -d /run/systemd/system ]] || fail "systemd does not run here: a container without it cannot be a server"
[[ -f $here/ansible/provision.yml ]] || fail "it needs the repository around it: clone it, and run infra/install.sh there"
[[ -z $build || -z $release ]] || fail "--build or --release, not both"
if [[ -n $release && $release != https://* ]]; then
    [[ -f $release ]] || fail "there is no file $release"
    [[ -f $release.sha256 ]] || fail "there is no checksum $release.sha256: copy it, too"
fi
[[ $name =~ ^[A-Za-z0-9.:-]*$ ]] || fail "not a name or an address: $name"
[[ -z $email || $email == ?*@?* ]] || fail "not an e-mail address: $email"

free_mib() { df --output=avail --block-size=1M "$1" | tail -n 1; }
wants_disk() { # FOLDER MIB WHAT-FOR
    local free
    free=$(free_mib "$1")
    ((free >= $2)) || fail "$3 takes $2 MiB of disk under $1, and $((free)) are free"
}
wants_disk / 2048 "a server"

if [[ -z $release && -z $build ]]; then
    source=$("$here/release/build" --describe) || fail "there is no source of Stint around it: give --release"
    archive=$here/../target/dist/stint-${source% *}-$(uname -m)-linux.tar.gz
    # A release's files have the time of its commit.
    had=$(find /opt/stint/releases -mindepth 2 -maxdepth 2 -name VERSION -printf '%T@\n' 2>/dev/null | sort -n | tail -n 1) || had=
    if [[ -n $had ]] && ((${source#* } <= ${had%.*})); then
        say "this source is no newer than the releases that the host has, so it keeps its release (--release or --build gives it one)"
    elif [[ -f $archive && -f $archive.sha256 ]]; then
        release=$archive
    else
        build=yes
    fi
fi
if [[ -n $build ]]; then
    wants_disk "$here" 6144 "a build"
    memory=$(awk '/^(MemTotal|SwapTotal):/ { sum += $2 } END { print int(sum / 1024) }' /proc/meminfo)
    ((memory >= 3000)) || fail "a build takes 3 GiB of memory, and there are $memory MiB: build elsewhere (make release) and give --release"
fi
[[ -z $release || $release == https://* ]] || release=$(realpath "$release")

# --- What was chosen, now or the last time ---------------------------------------------------------------------------

recall() { # KEY
    [[ ! -f $remembered ]] || python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2], ""))' "$remembered" "$1"
}
address=$(ip -o route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p') || address=
[[ -n $name ]] || name=$(recall stint_server_name)
[[ -n $name ]] || name=$(hostname --fqdn 2>/dev/null) || name=
# A host name without a dot is nobody's but the host's own.
[[ $name == *.* && $name != *.localdomain || $name == *:* ]] || name=$address
[[ -n $name ]] || fail "this host has no address: give --name"
[[ -n $email ]] || email=$(recall stint_acme_email)
tls=$(recall stint_tls)
[[ -z $email ]] || tls=acme
[[ $tls != acme || $name == *.*[A-Za-z]* ]] || fail "a certificate from Let's Encrypt takes a DNS name, not $name: give --name"
tls=${tls:-self_signed}

# --- Ansible, from the distribution ----------------------------------------------------------------------------------

export LC_ALL=C.UTF-8
if ! has ansible-playbook || ! has curl; then
    say "installing Ansible, which takes a minute"
    apt_get update
    apt_get install --no-install-recommends ansible ca-certificates curl python3-apt
fi

# --- The release -----------------------------------------------------------------------------------------------------

if [[ -n $build ]]; then
    export PATH=$PATH:$HOME/.cargo/bin
    if ! { has cc && has objdump && has git; }; then
        apt_get update
        apt_get install --no-install-recommends build-essential git
    fi
    if ! has cargo; then
        say "installing Rust with rustup, for root"
        # Which Rust, rust-toolchain.toml says; rustup gets it with the first build.
        curl --proto '=https' --tlsv1.2 --silent --show-error --fail https://sh.rustup.rs |
            sh -s -- -y --quiet --no-modify-path --profile minimal --default-toolchain none
    fi
    say "building from source, which takes about 15 minutes on two cores, and less on more"
    release=$("$here/release/build" </dev/null)
fi

# --- The roles -------------------------------------------------------------------------------------------------------

mkdir -p "${remembered%/*}"
python3 - "$remembered" "$name" "$tls" "$email" <<'PYTHON'
import json, pathlib, sys
path, name, tls, email = sys.argv[1:]
chosen = {"stint_server_name": name, "stint_tls": tls} | ({"stint_acme_email": email} if email else {})
pathlib.Path(path).write_text(json.dumps(chosen, indent=2) + "\n")
PYTHON

say "setting up the server for $name with ${release:-the release that it has}"
cd "$here/ansible"
ansible-playbook --inventory inventories/local provision.yml --extra-vars "@$remembered" \
    --extra-vars "$(python3 -c 'import json, sys; print(json.dumps({"stint_release": sys.argv[1]} if sys.argv[1] else {}))' "$release")" </dev/null ||
    fail "the play above failed; run this again when its reason is gone"

# --- What there is now -----------------------------------------------------------------------------------------------

version=$(cat /opt/stint/current/VERSION)
print=$(openssl x509 -in /etc/stint/tls/fullchain.pem -noout -fingerprint -sha256 -enddate | paste -sd ' ')
insecure=
case $tls in
self_signed)
    insecure="--insecure "
    certificate="made by this host; no browser trusts it (--email ADDRESS gets one that they do)"
    ;;
acme) certificate="from Let's Encrypt, renewed by itself" ;;
*) certificate="as given" ;;
esac
cat <<END

Stint $version answers at https://$name
Certificate: $certificate
             $print
Sign in:     with the link that the play above showed, if it made the first admin; then at https://$name/sign-in
A new link:  sudo stint person invite admin
A token:     sudo stint token create --name me --scopes read,write
Then:        curl ${insecure}https://$name/api/v1/jobs -H "Authorization: Bearer \$TOKEN"
Upgrade:     run this again with --release FILE|URL, or with --build
Go back:     cd $here/ansible && ansible-playbook rollback.yml -e @$remembered
END
