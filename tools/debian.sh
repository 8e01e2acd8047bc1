# shellcheck shell=bash
# Sourced: where Debian's packages come from, and how they are verified.

# The mirror that this system's apt uses; BIPS_DEBIAN_MIRROR names another.
debian_mirror() {
    if [ -n "${BIPS_DEBIAN_MIRROR:-}" ]; then
        printf '%s\n' "$BIPS_DEBIAN_MIRROR"
    elif have apt-get; then
        # shellcheck disable=SC2016 # $(REPO_URI) is apt's, not the shell's
        apt-get indextargets --format '$(REPO_URI)' \
            'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
    fi
}

# The keys of Debian's releases. Those of Debian 13 are in the package's newer
# versions for 11 and 12, too.
debian_keyring() {
    local f
    for f in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
        [ -f "$f" ] && printf '%s\n' "$f" && return
    done
    die "the package debian-archive-keyring is missing, so Debian's packages cannot be verified: install it"
}

# What the trees of other GStreamers have: one list, so that all use the same tree.
# shellcheck disable=SC2034 # for those who source this
tree_packages=gstreamer1.0-tools,gstreamer1.0-plugins-base,gstreamer1.0-plugins-good,gstreamer1.0-plugins-bad,gstreamer1.0-libav
