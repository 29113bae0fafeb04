function __bellwether_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __bellwether_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __bellwether_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __bellwether_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __bellwether_parse_tokens -S
    set -l unparsed_tokens (__bellwether_tokens -pc)
    switch $unparsed_tokens[1]
    case 'bellwether'
        __bellwether_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'serve'
            __bellwether_parse_subcommand 0 'config=' 'demo' 'version' 'h/help'
        case 'check'
            __bellwether_parse_subcommand 0 'config=' 'show' 'json' 'version' 'h/help'
        case 'init'
            __bellwether_parse_subcommand 1 'version' 'h/help'
        case 'demo'
            __bellwether_parse_subcommand 0 'config=' 'url=' 'token-file=' 'read-token-file=' 'version' 'h/help'
        case 'token'
            __bellwether_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'create'
                __bellwether_parse_subcommand 0 'config=' 'name=' 'scope=+' 'expires=' 'json' 'version' 'h/help'
            case 'list'
                __bellwether_parse_subcommand 0 'config=' 'json' 'version' 'h/help'
            case 'revoke'
                __bellwether_parse_subcommand 1 'config=' 'after=' 'version' 'h/help'
            end
        case 'logs'
            __bellwether_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'tail'
                __bellwether_parse_subcommand 0 'config=' 'url=' 'token-file=' 'ca-file=' 'since=' 'where=' 'any-field' 'f/follow' 'n=' 'after=' 'show-cursor' 'fields=' 'json' 'version' 'h/help'
            case 'query'
                __bellwether_parse_subcommand 0 'config=' 'url=' 'token-file=' 'ca-file=' 'since=' 'where=' 'any-field' 'until=' 'count-by=' 'limit=' 'fields=' 'json' 'timing' 'version' 'h/help'
            case 'stats'
                __bellwether_parse_subcommand 0 'config=' 'json' 'version' 'h/help'
            case 'verify'
                __bellwether_parse_subcommand 0 'config=' 'repair' 'version' 'h/help'
            end
        case 'digest'
            __bellwether_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'list'
                __bellwether_parse_subcommand 0 'config=' 'url=' 'token-file=' 'ca-file=' 'limit=' 'json' 'version' 'h/help'
            case 'show'
                __bellwether_parse_subcommand 1 'config=' 'url=' 'token-file=' 'ca-file=' 'for=' 'version' 'h/help'
            case 'preview'
                __bellwether_parse_subcommand 0 'config=' 'since=' 'for=' 'version' 'h/help'
            end
        case 'outbox'
            __bellwether_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'list'
                __bellwether_parse_subcommand 0 'config=' 'url=' 'token-file=' 'ca-file=' 'state=' 'limit=' 'json' 'version' 'h/help'
            case 'retry'
                __bellwether_parse_subcommand 1 'config=' 'url=' 'token-file=' 'ca-file=' 'dead' 'version' 'h/help'
            case 'drop'
                __bellwether_parse_subcommand 1 'config=' 'url=' 'token-file=' 'ca-file=' 'version' 'h/help'
            end
        case 'silence'
            __bellwether_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'add'
                __bellwether_parse_subcommand -r 1 'config=' 'url=' 'token-file=' 'ca-file=' 'for=' 'until=' 'why=' 'who=' 'version' 'h/help'
            case 'list'
                __bellwether_parse_subcommand 0 'config=' 'url=' 'token-file=' 'ca-file=' 'all' 'json' 'version' 'h/help'
            case 'expire'
                __bellwether_parse_subcommand 1 'config=' 'url=' 'token-file=' 'ca-file=' 'version' 'h/help'
            end
        case 'send-test'
            __bellwether_parse_subcommand 1 'config=' 'json' 'version' 'h/help'
        case 'template'
            __bellwether_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'analysis'
                __bellwether_parse_subcommand 0 'config=' 'rollout=' 'secret' 'strategy=' 'placement=' 'namespace=' 'url=' 'gateway=+' 'degraded=' 'concern=+' 'interval=' 'count=' 'failure-limit=' 'argo-version=' 'version' 'h/help'
            case 'check'
                __bellwether_parse_subcommand 1 'argo-version=' 'json' 'version' 'h/help'
            end
        case 'explain'
            __bellwether_parse_subcommand 1 'config=' 'url=' 'token-file=' 'ca-file=' 'json' 'version' 'h/help'
        case 'replay'
            __bellwether_parse_subcommand 1 'config=' 'vectors=' 'json' 'version' 'h/help'
        case 'parity'
            __bellwether_parse_subcommand 0 'url=' 'as=+' 'resolve=+' 'ca-file=' 'rollout=' 'namespace=' 'revision=' 'concern=' 'json' 'version' 'h/help'
        case 'rehearse'
            __bellwether_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'bookmark'
                __bellwether_parse_subcommand 1 'name=' 'haproxy=' 'backend=' 'http=' 'weight=+' 'method=' 'http-ca-file=' 'command=' 'canary=+' 'shift' 'rollout=' 'namespace=' 'argo-version=' 'min-stable=' 'probe=' 'probe-status=' 'probe-contains=' 'probe-times=' 'probe-ca-file=' 'version' 'h/help'
            case 'run'
                __bellwether_parse_subcommand 1 'live' 'confirm=' 'budget=' 'poll=' 'json' 'url=' 'token-file=' 'ca-file=' 'version' 'h/help'
            case 'verify'
                __bellwether_parse_subcommand 1 'version' 'h/help'
            case 'restore'
                __bellwether_parse_subcommand 1 'url=' 'token-file=' 'ca-file=' 'version' 'h/help'
            end
        case 'help'
            __bellwether_parse_subcommand -r 1 'version'
        end
    end
end

function __bellwether_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __bellwether_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __bellwether_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __bellwether_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__bellwether_tokens -p)
    if test -z "$(__bellwether_tokens -t)"
        set -l index (count (__bellwether_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'bellwether' -f
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'serve' -d 'Run the roles of the configuration.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'check' -d 'Validate a configuration without starting.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'init' -d 'Write a commented configuration, token, certificate and service unit.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'demo' -d 'Play a failing canary against a running node until its digest comes out.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'token' -d 'Create, list and revoke tokens.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'logs' -d 'Read the event log, also while the node runs.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'digest' -d 'Show digests that were sent, or preview the next ones.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'outbox' -d 'List, retry or drop deliveries.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'silence' -d 'Hold digests back for a while; a running node applies it within a second.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'send-test' -d 'Send a marked test message to a receiver and print each step.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'template' -d 'Print or check AnalysisTemplates for Argo Rollouts.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'explain' -d 'Explain a verdict, check by check.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'replay' -d 'Judge recorded inputs again; exit 1 when anything differs.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'parity' -d 'Measure as several callers at once and compare the answers.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'rehearse' -d 'Rehearse a rollback: do it, time it, restore everything.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether serve" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether serve" demo' -l 'demo' -d 'Play the demonstration against this node, then keep serving.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether serve" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether serve" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether check" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether check" show' -l 'show' -d 'Print the whole effective configuration, secrets masked.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether check" json' -l 'json' -d 'Print faults and warnings as JSON.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether check" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether check" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether init" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether init" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether demo" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether demo" url' -l 'url' -d 'The node\'s address; by default the configuration\'s own.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether demo" token-file' -l 'token-file' -d 'A token with the scope analysis; by default the first start\'s.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether demo" read-token-file' -l 'read-token-file' -d 'A token with the scope read; by default the first start\'s.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether demo" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether demo" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether token" -eq 1' -fa 'create' -d 'Create a token and print it once.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether token" -eq 1' -fa 'list' -d 'List all tokens without their secret texts.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether token" -eq 1' -fa 'revoke' -d 'Revoke a token now or after a while.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token create" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token create" name' -l 'name' -d 'The token\'s name; several tokens of one name may be valid.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token create"' -l 'scope' -d 'analysis, ingest, read or admin; may be given several times.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token create" expires' -l 'expires' -d 'How long it is valid, such as 30d; unlimited by default.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token create" json' -l 'json' -d 'Print as JSON.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token create" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token create" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token list" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token list" json' -l 'json' -d 'Print as JSON.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token list" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token revoke" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token revoke" after' -l 'after' -d 'Keep it valid for this long, such as 1h.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token revoke" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether token revoke" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether logs" -eq 1' -fa 'tail' -d 'Print the last events; with -f, follow new ones.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether logs" -eq 1' -fa 'query' -d 'Print matching events, oldest first, or count them.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether logs" -eq 1' -fa 'stats' -d 'Print size, time span and rate of the log.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether logs" -eq 1' -fa 'verify' -d 'Check every archive and index; exit 1 if damage is found.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" url' -l 'url' -d 'Use this running node, https://host:port, instead of the data folder.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" token-file' -l 'token-file' -d 'A file with a token of that node, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" since' -l 'since' -d 'Start: 10m, 2h or 7d ago, or RFC 3339.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" where' -l 'where' -d 'A filter: field=value, !=, >, <, >=, <=, ~substring, =~regex, in (a, b), not, or, parentheses; dotted paths (deltas.canary.5xx_rate.value>1%).' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" any-field' -l 'any-field' -d 'Accept fields of senders\' own: unknown names and other types are no errors.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" f follow' -l 'follow' -s 'f' -d 'Follow across rotations.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" n' -s 'n' -d 'Number of events to start with.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" after' -l 'after' -d 'Start after this cursor instead of with the last events.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" show-cursor' -l 'show-cursor' -d 'Print a cursor on standard error after the events.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" fields' -l 'fields' -d 'Print only these fields: dotted paths, separated by commas.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" json' -l 'json' -d 'Print the stored lines.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs tail" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" url' -l 'url' -d 'Use this running node, https://host:port, instead of the data folder.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" token-file' -l 'token-file' -d 'A file with a token of that node, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" since' -l 'since' -d 'Start: 10m, 2h or 7d ago, or RFC 3339.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" where' -l 'where' -d 'A filter: field=value, !=, >, <, >=, <=, ~substring, =~regex, in (a, b), not, or, parentheses; dotted paths (deltas.canary.5xx_rate.value>1%).' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" any-field' -l 'any-field' -d 'Accept fields of senders\' own: unknown names and other types are no errors.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" until' -l 'until' -d 'End: 10m, 2h or 7d ago, or RFC 3339.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" count-by' -l 'count-by' -d 'Count by this field instead of printing.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" limit' -l 'limit' -d 'Maximum number of results.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" fields' -l 'fields' -d 'Print only these fields: dotted paths, separated by commas.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" json' -l 'json' -d 'Print the stored lines, or the counts as JSON.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" timing' -l 'timing' -d 'Print the time taken inside the process on standard error.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs query" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs stats" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs stats" json' -l 'json' -d 'Print as JSON.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs stats" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs stats" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs verify" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs verify" repair' -l 'repair' -d 'Repair what can be repaired; stop the node first.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs verify" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether logs verify" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether digest" -eq 1' -fa 'list' -d 'List the digests that were composed, newest first.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether digest" -eq 1' -fa 'show' -d 'Print one digest as it was composed.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether digest" -eq 1' -fa 'preview' -d 'Compose from the log what would be sent now; sends nothing.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest list" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest list" url' -l 'url' -d 'Use this running node, https://host:port, instead of the data folder.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest list" token-file' -l 'token-file' -d 'A file with a token of that node, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest list" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest list" limit' -l 'limit' -d 'Maximum number of results.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest list" json' -l 'json' -d 'Print as JSON.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest list" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest show" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest show" url' -l 'url' -d 'Use this running node, https://host:port, instead of the data folder.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest show" token-file' -l 'token-file' -d 'A file with a token of that node, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest show" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest show" for' -l 'for' -d 'text, html, slack (its JSON) or slack-text.' -rfka 'slack slack-text text html'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest show" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest show" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest preview" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest preview" since' -l 'since' -d 'Start: a duration ago such as 2h, or RFC 3339.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest preview" for' -l 'for' -d 'text, html, slack (its JSON) or slack-text.' -rfka 'slack slack-text text html'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest preview" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether digest preview" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether outbox" -eq 1' -fa 'list' -d 'List the deliveries in the outbox, newest first.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether outbox" -eq 1' -fa 'retry' -d 'Retry a delivery now, or all dead letters.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether outbox" -eq 1' -fa 'drop' -d 'Drop a delivery: it is not tried again.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox list" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox list" url' -l 'url' -d 'Use this running node, https://host:port, instead of the data folder.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox list" token-file' -l 'token-file' -d 'A file with a token of that node, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox list" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox list" state' -l 'state' -d 'Only this state: waiting, sent, dead, dropped or replaced.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox list" limit' -l 'limit' -d 'Maximum number of results.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox list" json' -l 'json' -d 'Print as JSON.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox list" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox retry" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox retry" url' -l 'url' -d 'Use this running node, https://host:port, instead of the data folder.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox retry" token-file' -l 'token-file' -d 'A file with a token of that node, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox retry" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox retry" dead' -l 'dead' -d 'Retry every dead letter.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox retry" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox retry" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox drop" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox drop" url' -l 'url' -d 'Use this running node, https://host:port, instead of the data folder.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox drop" token-file' -l 'token-file' -d 'A file with a token of that node, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox drop" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox drop" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether outbox drop" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether silence" -eq 1' -fa 'add' -d 'Add a silence that starts now; prints its id.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether silence" -eq 1' -fa 'list' -d 'List the silences in force and those of the configuration.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether silence" -eq 1' -fa 'expire' -d 'End a silence now; what still fails is then reported.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence add" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence add" url' -l 'url' -d 'Use this running node, https://host:port, instead of the data folder.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence add" token-file' -l 'token-file' -d 'A file with a token of that node, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence add" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence add" for' -l 'for' -d 'How long, such as 1h or 2d.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence add" until' -l 'until' -d 'Until when, RFC 3339.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence add" why' -l 'why' -d 'The reason; shown in the digest after the silence.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence add" who' -l 'who' -d 'The author; the user\'s name by default.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence add" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence add" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence list" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence list" url' -l 'url' -d 'Use this running node, https://host:port, instead of the data folder.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence list" token-file' -l 'token-file' -d 'A file with a token of that node, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence list" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence list" all' -l 'all' -d 'Also list silences that ended within 30 days.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence list" json' -l 'json' -d 'Print as JSON.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence list" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence expire" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence expire" url' -l 'url' -d 'Use this running node, https://host:port, instead of the data folder.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence expire" token-file' -l 'token-file' -d 'A file with a token of that node, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence expire" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence expire" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether silence expire" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether send-test" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether send-test" json' -l 'json' -d 'Print as JSON.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether send-test" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether send-test" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether template" -eq 1' -fa 'analysis' -d 'Print an AnalysisTemplate that can be applied as it is.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether template" -eq 1' -fa 'check' -d 'Show what Argo makes of each verdict under your own template.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" rollout' -l 'rollout' -d 'Also print, as comments, the command that adds the analysis to this Rollout.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" secret' -l 'secret' -d 'Also print, as comments, the commands that create the Secret of each token.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" strategy' -l 'strategy' -d 'The Rollout\'s strategy: canary, canary-without-steps or bluegreen.' -rfka 'canary canary-without-steps bluegreen'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" placement' -l 'placement' -d 'When to measure: in the background of the steps, or as a step.' -rfka 'background step'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" namespace' -l 'namespace' -d 'The namespace.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" url' -l 'url' -d 'The gateway\'s address as the controller reaches it.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis"' -l 'gateway' -d 'ZONE=URL instead of --url; once for each availability zone.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" degraded' -l 'degraded' -d 'What a degraded verdict does: pause (for a person) or pass.' -rfka 'pause pass'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis"' -l 'concern' -d 'A metric for one concern; may be given several times.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" interval' -l 'interval' -d 'Time between measurements; the gateway\'s analysis.interval.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" count' -l 'count' -d 'Measurements in one run; the concern\'s, else 10.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" failure-limit' -l 'failure-limit' -d 'Unhealthy verdicts that the run tolerates; the concern\'s, else 0.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" argo-version' -l 'argo-version' -d 'The version of Argo Rollouts, for warnings about what it misjudges.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template analysis" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template check" argo-version' -l 'argo-version' -d 'The version of Argo Rollouts.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template check" json' -l 'json' -d 'Print as JSON.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template check" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether template check" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether explain" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether explain" url' -l 'url' -d 'Use this running node, https://host:port, instead of the data folder.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether explain" token-file' -l 'token-file' -d 'A file with a token of that node, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether explain" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether explain" json' -l 'json' -d 'Print the stored line of the event.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether explain" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether explain" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether replay" config' -l 'config' -d 'The configuration; ./bellwether.yaml by default, else the embedded defaults.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether replay" vectors' -l 'vectors' -d 'A file of test vectors instead of events.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether replay" json' -l 'json' -d 'Print one JSON object a line.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether replay" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether replay" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether parity" url' -l 'url' -d 'The gateway\'s address, https://host:port.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether parity"' -l 'as' -d 'A caller\'s token file; give at least two.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether parity"' -l 'resolve' -d 'HOST:PORT:ADDRESS: call the gateway at this address; once for each gateway.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether parity" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether parity" rollout' -l 'rollout' -d 'The Rollout to measure; this counts as an attempt.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether parity" namespace' -l 'namespace' -d 'The namespace.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether parity" revision' -l 'revision' -d 'Its revision.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether parity" concern' -l 'concern' -d 'Measure one concern only.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether parity" json' -l 'json' -d 'Print as JSON.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether parity" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether parity" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether rehearse" -eq 1' -fa 'bookmark' -d 'Record the weights, the Rollout and the request that checks the rollback.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether rehearse" -eq 1' -fa 'run' -d 'Print each step of the rollback; with --live, do it, time it and restore.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether rehearse" -eq 1' -fa 'verify' -d 'Show how the state differs from the bookmark; exit 3.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_positional "bellwether rehearse" -eq 1' -fa 'restore' -d 'Restore what a rehearsal changed; safe to run again.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" name' -l 'name' -d 'What `run --confirm` must repeat; the Rollout\'s name by default.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" haproxy' -l 'haproxy' -d 'HAProxy\'s runtime socket, level admin.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" backend' -l 'backend' -d 'HAProxy\'s backend.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" http' -l 'http' -d 'An endpoint that answers weights as JSON.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark"' -l 'weight' -d 'TARGET=POINTER into that JSON; once for each target.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" method' -l 'method' -d 'The HTTP method that sends the changed JSON.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" http-ca-file' -l 'http-ca-file' -d 'A PEM file of certificates to trust, for --http.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" command' -l 'command' -d 'An executable: `get` prints weights as JSON, `set TARGET WEIGHT` sets one.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark"' -l 'canary' -d 'A target that serves the canary; may be given several times.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" shift' -l 'shift' -d 'Let the rehearsal set the canary\'s weight to 0 itself.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" rollout' -l 'rollout' -d 'The Rollout to abort.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" namespace' -l 'namespace' -d 'The namespace.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" argo-version' -l 'argo-version' -d 'Argo Rollouts\' version, where its deployment may not be read.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" min-stable' -l 'min-stable' -d 'Available pods that the stable replica set must have.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" probe' -l 'probe' -d 'A URL that users request.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" probe-status' -l 'probe-status' -d 'The status of a good answer.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" probe-contains' -l 'probe-contains' -d 'Text that only a stable instance\'s answer contains.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" probe-times' -l 'probe-times' -d 'Good answers in a row that end the rollback.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" probe-ca-file' -l 'probe-ca-file' -d 'A PEM file of certificates to trust, for --probe.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse bookmark" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse run" live' -l 'live' -d 'Do the rollback instead of printing it.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse run" confirm' -l 'confirm' -d 'The bookmark\'s name, needed for --live.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse run" budget' -l 'budget' -d 'How long the rollback may take.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse run" poll' -l 'poll' -d 'Time between two checks while waiting.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse run" json' -l 'json' -d 'Print the report as JSON.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse run" url' -l 'url' -d 'Use this running node, https://host:port, instead of the data folder.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse run" token-file' -l 'token-file' -d 'A file with a token of that node, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse run" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse run" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse run" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse verify" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse verify" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse restore" url' -l 'url' -d 'Use this running node, https://host:port, instead of the data folder.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse restore" token-file' -l 'token-file' -d 'A file with a token of that node, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse restore" ca-file' -l 'ca-file' -d 'A PEM file of certificates to trust, for --url.' -rfka ''
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse restore" version' -l 'version' -d 'Show the version.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether rehearse restore" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'bellwether' -n '__bellwether_should_offer_completions_for_flags_or_options "bellwether help" version' -l 'version' -d 'Show the version.'
