#!/usr/bin/env bash
# Checks the spelling of pages, scripts, configuration, sources and tests with
# codespell. Words that are right here are below; `codespell:ignore WORD` in a
# comment excepts one line.
#
#   Scripts/spelling.sh PYTHON
#
# PYTHON is a Python with the package codespell; see test-python.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${1:?usage: Scripts/spelling.sh PYTHON}

# Swift's words, names of functions, and parts of words in tests.
words=inout,atleast,atmost,inforce,caf,tru,fo,te,iif
# Misspelt names that filters, reports and tests refuse with a suggestion.
words=$words,stauts,staus,namspace,eror,valeu,valu
# A spelling mistake is wanted here, and random bytes are.
wanted='*/FaultTests.swift,*/FuzzTests/Corpus/*,*/AnalysisTests/Vectors/*'
Scripts/files.sh '*.md' '*.swift' '*.sh' '*.py' '*.yaml' '*.yml' '*.json' '*.mustache' '*.service' \
    'Config/man/*' Dockerfile |
    xargs -0 "$python" -m codespell_lib --skip="$wanted" --ignore-words-list="$words"
