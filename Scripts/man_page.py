"""Turns what `bellwether --experimental-dump-help` prints into a manual page.

Reads the JSON from standard input and writes man(7) to standard output. The
same commands always give the same bytes.
"""

import json
import sys

EXITS = [
    ("0", "Success."),
    ("1", "The command found damage, a difference or a failed step, and prints it."),
    ("2-4", "See parity and rehearse; 3 of serve: another node continues its log in the bucket."),
    ("64", "The command line is wrong."),
    ("65, 66", "An input is malformed, or cannot be read."),
    ("69", "No node is named, it cannot be reached, there is no data folder, or restore failed."),
    ("70", "The service failed; standard error shows the reason."),
    ("73", "init, restore: the folder is not empty; context add: the file cannot be written."),
    ("78", "The configuration is invalid; every fault is printed with its line and a remedy. Or the bucket's prefix or log belongs to another node."),
]
FILES = [
    ("./bellwether.yaml, /etc/bellwether/bellwether.yaml", "The configuration, where nothing else names a node."),
    ("~/.config/bellwether/contexts.yaml", "Nodes by name, made by bellwether context."),
    ("data_dir/bellwether.yaml", "The settings of a node without a configuration, for --config."),
    ("data_dir/log/", "The event log: active.jsonl, and sealed segments that zcat reads."),
    ("data_dir/log.key", "The key by which a node recognises lines that it wrote itself."),
    ("data_dir/bucket.json, cluster", "With a bucket: how far the log is there, and whose prefix it is."),
    ("data_dir/state.sqlite", "Cursors, windows, outbox, attempts, tokens (hashed)."),
    ("data_dir/outgoing/", "Digests kept by receivers of the kind file."),
]
ENVIRONMENT = [
    ("BELLWETHER_URL", "The address of the node that commands use; --url and --config come first."),
    ("BELLWETHER_TOKEN_FILE", "A file with a token of that node."),
    ("BELLWETHER_CA_FILE", "A PEM file of certificates to trust for it."),
    ("BELLWETHER_CONFIG", "The configuration of the node that commands use, and that serve runs."),
    ("XDG_CONFIG_HOME, HOME", "The folder of contexts: $XDG_CONFIG_HOME/bellwether, else $HOME/.config/bellwether."),
]


def escaped(text):
    """Escapes text for roff: backslashes, hyphens and leading dots."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def option_name(name):
    return ("-" if name["kind"] == "short" else "--") + name["name"]


def argument_head(argument):
    value = argument.get("valueName", "")
    if argument["kind"] == "positional":
        return "\\fI" + escaped(value) + "\\fR"
    names = ", ".join("\\fB" + escaped(option_name(n)) + "\\fR" for n in argument["names"])
    return names + (" \\fI" + escaped(value) + "\\fR" if argument["kind"] == "option" else "")


def synopsis(path, arguments):
    words = ["\\fB" + escaped(" ".join(path)) + "\\fR"]
    for argument in arguments:
        if argument["kind"] == "positional":
            word = "\\fI" + escaped(argument.get("valueName", "")) + "\\fR"
        else:
            word = "\\fB" + escaped(option_name(argument["preferredName"])) + "\\fR"
            if argument["kind"] == "option":
                word += " \\fI" + escaped(argument.get("valueName", "")) + "\\fR"
        if argument.get("isRepeating"):
            word += " ..."
        words.append("[" + word + "]" if argument["isOptional"] else word)
    return " ".join(words)


def shown(command):
    return [
        argument
        for argument in command.get("arguments", [])
        if argument.get("shouldDisplay", True)
        and argument.get("valueName") not in ("help", "version")
    ]


def write(command, path, out):
    path = path + [command["commandName"]]
    children = [c for c in command.get("subcommands", []) if c["commandName"] != "help"]
    arguments = shown(command)
    if len(path) > 1:
        out.append('.SS "' + escaped(" ".join(path[1:])) + '"')
        if not children:
            out.append(synopsis(path, arguments))
            out.append(".PP")
        out.append(escaped(command.get("abstract", "")))
        if command.get("discussion"):
            out.append(".PP")
            out.append(escaped(command["discussion"]))
        for argument in arguments:
            out.append(".TP")
            out.append(argument_head(argument))
            words = escaped(argument.get("abstract", "")) or "\\&"
            if argument.get("defaultValue"):
                words += " Default: " + escaped(argument["defaultValue"]) + "."
            out.append(words)
    for child in children:
        write(child, path, out)


def main():
    root = json.load(sys.stdin)["command"]
    out = [
        '.\\" Written by Scripts/generate-cli.sh; change the commands, not this file.',
        '.TH BELLWETHER 8 "" "bellwether" "System Manager\'s Manual"',
        ".SH NAME",
        "bellwether \\- " + escaped(root["abstract"].rstrip(".")),
        ".SH SYNOPSIS",
        "\\fBbellwether\\fR \\fIcommand\\fR [\\fIoptions\\fR]",
        ".SH DESCRIPTION",
        "Answers Argo Rollouts' web measurements with one verdict per attempt, keeps an event log,",
        "and sends one digest per failure. \\fBbellwether help\\fR \\fIcommand\\fR shows a command's options.",
        ".SH COMMANDS",
    ]
    write(root, [], out)
    for title, rows in (("EXIT STATUS", EXITS), ("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES)):
        out.append('.SH "' + title + '"')
        for head, words in rows:
            out += [".TP", "\\fB" + escaped(head) + "\\fR", escaped(words)]
    sys.stdout.write("\n".join(out) + "\n")


main()
