#!/bin/bash

__bellwether_cursor_index_in_current_word() {
    local remaining="${COMP_LINE}"

    local word
    for word in "${COMP_WORDS[@]::COMP_CWORD}"; do
        remaining="${remaining##*([[:space:]])"${word}"*([[:space:]])}"
    done

    local -ir index="$((COMP_POINT - ${#COMP_LINE} + ${#remaining}))"
    if [[ "${index}" -le 0 ]]; then
        printf 0
    else
        printf %s "${index}"
    fi
}

# positional arguments:
#
# - 1: the current (sub)command's count of positional arguments
#
# required variables:
#
# - repeating_flags: the repeating flags that the current (sub)command can accept
# - non_repeating_flags: the non-repeating flags that the current (sub)command can accept
# - repeating_options: the repeating options that the current (sub)command can accept
# - non_repeating_options: the non-repeating options that the current (sub)command can accept
# - positional_number: value ignored
# - unparsed_words: unparsed words from the current command line
#
# modified variables:
#
# - non_repeating_flags: remove flags for this (sub)command that are already on the command line
# - non_repeating_options: remove options for this (sub)command that are already on the command line
# - positional_number: set to the current positional number
# - unparsed_words: remove all flags, options, and option values for this (sub)command
__bellwether_offer_flags_options() {
    local -ir positional_count="${1}"
    positional_number=0

    local was_flag_option_terminator_seen=false
    local is_parsing_option_value=false

    local -ar unparsed_word_indices=("${!unparsed_words[@]}")
    local -i word_index
    for word_index in "${unparsed_word_indices[@]}"; do
        if "${is_parsing_option_value}"; then
            # This word is an option value:
            # Reset marker for next word iff not currently the last word
            [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]] && is_parsing_option_value=false
            unset "unparsed_words[${word_index}]"
            # Do not process this word as a flag or an option
            continue
        fi

        local word="${unparsed_words["${word_index}"]}"
        if ! "${was_flag_option_terminator_seen}"; then
            case "${word}" in
            --)
                unset "unparsed_words[${word_index}]"
                # by itself -- is a flag/option terminator, but if it is the last word, it is the start of a completion
                if [[ "${word_index}" -ne "${unparsed_word_indices[${#unparsed_word_indices[@]} - 1]}" ]]; then
                    was_flag_option_terminator_seen=true
                fi
                continue
                ;;
            -*)
                # ${word} is a flag or an option
                # If ${word} is an option, mark that the next word to be parsed is an option value
                local option
                for option in "${repeating_options[@]}" "${non_repeating_options[@]}"; do
                    [[ "${word}" = "${option}" ]] && is_parsing_option_value=true && break
                done

                # Remove ${word} from ${non_repeating_flags} or ${non_repeating_options} so it isn't offered again
                local not_found=true
                local -i index
                for index in "${!non_repeating_flags[@]}"; do
                    if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                        unset "non_repeating_flags[${index}]"
                        non_repeating_flags=("${non_repeating_flags[@]}")
                        not_found=false
                        break
                    fi
                done
                if "${not_found}"; then
                    for index in "${!non_repeating_flags[@]}"; do
                        if [[ "${non_repeating_flags[${index}]}" = "${word}" ]]; then
                            unset "non_repeating_flags[${index}]"
                            non_repeating_flags=("${non_repeating_flags[@]}")
                            break
                        fi
                    done
                fi
                unset "unparsed_words[${word_index}]"
                continue
                ;;
            esac
        fi

        # ${word} is neither a flag, nor an option, nor an option value
        if [[ "${positional_number}" -lt "${positional_count}" || "${positional_count}" -lt 0 ]]; then
            # ${word} is a positional
            ((positional_number++))
            unset "unparsed_words[${word_index}]"
        else
            if [[ -z "${word}" ]]; then
                # Could be completing a flag, option, or subcommand
                positional_number=-1
            else
                # ${word} is a subcommand or invalid, so stop processing this (sub)command
                positional_number=-2
            fi
            break
        fi
    done

    unparsed_words=("${unparsed_words[@]}")

    if\
        ! "${was_flag_option_terminator_seen}"\
        && ! "${is_parsing_option_value}"\
        && [[ ("${cur}" = -* && "${positional_number}" -ge 0) || "${positional_number}" -eq -1 ]]
    then
        COMPREPLY+=($(compgen -W "${repeating_flags[*]} ${non_repeating_flags[*]} ${repeating_options[*]} ${non_repeating_options[*]}" -- "${cur}"))
    fi
}

__bellwether_add_completions() {
    local completion
    while IFS='' read -r completion; do
        COMPREPLY+=("${completion}")
    done < <(IFS=$'\n' compgen "${@}" -- "${cur}")
}

__bellwether_custom_complete() {
    if [[ -n "${cur}" || -z ${COMP_WORDS[${COMP_CWORD}]} || "${COMP_LINE:${COMP_POINT}:1}" != ' ' ]]; then
        local -ar words=("${COMP_WORDS[@]}")
    else
        local -ar words=("${COMP_WORDS[@]::${COMP_CWORD}}" '' "${COMP_WORDS[@]:${COMP_CWORD}}")
    fi

    "${COMP_WORDS[0]}" "${@}" "${words[@]}"
}

_bellwether() {
    local state
    state="$(shopt -p;shopt -po)"
    trap "${state//$'\n'/;}" RETURN
    shopt -s extglob
    set +o history +o posix

    local -xr SAP_SHELL=bash
    local -x SAP_SHELL_VERSION
    SAP_SHELL_VERSION="$(IFS='.';printf %s "${BASH_VERSINFO[*]}")"
    local -r SAP_SHELL_VERSION

    local -r cur="${2}"
    local -r prev="${3}"

    local -i positional_number
    local -a unparsed_words=("${COMP_WORDS[@]:1:${COMP_CWORD}}")

    local -a repeating_flags=()
    local -a non_repeating_flags=(--version -h --help)
    local -a repeating_options=()
    local -a non_repeating_options=()
    __bellwether_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    serve|check|init|demo|health|status|probe|config|token|logs|digest|outbox|restore|ha|ack|silence|send-test|context|template|explain|replay|parity|rehearse|help)
        # Offer subcommand argument completions
        "_bellwether_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'serve check init demo health status probe config token logs digest outbox restore ha ack silence send-test context template explain replay parity rehearse help' -- "${cur}"))
        ;;
    esac
}

_bellwether_serve() {
    repeating_flags=()
    non_repeating_flags=(--demo --version -h --help)
    repeating_options=()
    non_repeating_options=(--config)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    esac
}

_bellwether_check() {
    repeating_flags=()
    non_repeating_flags=(--show --json --offline --version -h --help)
    repeating_options=()
    non_repeating_options=(--config)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    esac
}

_bellwether_init() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 1
}

_bellwether_demo() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --read-token-file --canary)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--read-token-file')
        return
        ;;
    '--canary')
        return
        ;;
    esac
}

_bellwether_health() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file --timeout --client-certificate --client-key)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--timeout')
        return
        ;;
    '--client-certificate')
        return
        ;;
    '--client-key')
        return
        ;;
    esac
}

_bellwether_status() {
    repeating_flags=()
    non_repeating_flags=(--watch --json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    esac
}

_bellwether_probe() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    esac
}

_bellwether_config() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    diff)
        # Offer subcommand argument completions
        "_bellwether_config_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'diff' -- "${cur}"))
        ;;
    esac
}

_bellwether_config_diff() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    esac
}

_bellwether_token() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    create|list|revoke)
        # Offer subcommand argument completions
        "_bellwether_token_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'create list revoke' -- "${cur}"))
        ;;
    esac
}

_bellwether_token_create() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=(--scope)
    non_repeating_options=(--config --url --token-file --ca-file --name --expires)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--name')
        return
        ;;
    '--scope')
        return
        ;;
    '--expires')
        return
        ;;
    esac
}

_bellwether_token_list() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    esac
}

_bellwether_token_revoke() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file --after)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--after')
        return
        ;;
    esac
}

_bellwether_logs() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    tail|query|export|stats|verify)
        # Offer subcommand argument completions
        "_bellwether_logs_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'tail query export stats verify' -- "${cur}"))
        ;;
    esac
}

_bellwether_logs_tail() {
    repeating_flags=()
    non_repeating_flags=(--any-field --follow -f --show-cursor --json --version -h --help)
    repeating_options=(--where)
    non_repeating_options=(--config --url --token-file --ca-file --from --region --endpoint --access-key-file --secret-key-file --since -n --after --fields)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--from')
        return
        ;;
    '--region')
        return
        ;;
    '--endpoint')
        return
        ;;
    '--access-key-file')
        return
        ;;
    '--secret-key-file')
        return
        ;;
    '--since')
        return
        ;;
    '--where')
        return
        ;;
    '-n')
        return
        ;;
    '--after')
        return
        ;;
    '--fields')
        return
        ;;
    esac
}

_bellwether_logs_query() {
    repeating_flags=()
    non_repeating_flags=(--local --any-field --json --timing --version -h --help)
    repeating_options=(--where)
    non_repeating_options=(--config --url --token-file --ca-file --from --region --endpoint --access-key-file --secret-key-file --since --until --count-by --limit --fields)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--from')
        return
        ;;
    '--region')
        return
        ;;
    '--endpoint')
        return
        ;;
    '--access-key-file')
        return
        ;;
    '--secret-key-file')
        return
        ;;
    '--since')
        return
        ;;
    '--where')
        return
        ;;
    '--until')
        return
        ;;
    '--count-by')
        return
        ;;
    '--limit')
        return
        ;;
    '--fields')
        return
        ;;
    esac
}

_bellwether_logs_export() {
    repeating_flags=()
    non_repeating_flags=(--any-field --force --version -h --help)
    repeating_options=(--where)
    non_repeating_options=(--config --url --token-file --ca-file --since --until --after --output -o --format --fields)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--since')
        return
        ;;
    '--where')
        return
        ;;
    '--until')
        return
        ;;
    '--after')
        return
        ;;
    '--output'|'-o')
        return
        ;;
    '--format')
        __bellwether_add_completions -W 'jsonl'$'\n''csv'
        return
        ;;
    '--fields')
        return
        ;;
    esac
}

_bellwether_logs_stats() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file --from --region --endpoint --access-key-file --secret-key-file)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--from')
        return
        ;;
    '--region')
        return
        ;;
    '--endpoint')
        return
        ;;
    '--access-key-file')
        return
        ;;
    '--secret-key-file')
        return
        ;;
    esac
}

_bellwether_logs_verify() {
    repeating_flags=()
    non_repeating_flags=(--repair --json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file --from --region --endpoint --access-key-file --secret-key-file)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--from')
        return
        ;;
    '--region')
        return
        ;;
    '--endpoint')
        return
        ;;
    '--access-key-file')
        return
        ;;
    '--secret-key-file')
        return
        ;;
    esac
}

_bellwether_digest() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    list|show|preview)
        # Offer subcommand argument completions
        "_bellwether_digest_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'list show preview' -- "${cur}"))
        ;;
    esac
}

_bellwether_digest_list() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file --limit)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--limit')
        return
        ;;
    esac
}

_bellwether_digest_show() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file --for)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--for')
        __bellwether_add_completions -W 'slack'$'\n''mail'$'\n''teams'$'\n''slack-text'$'\n''slack-json'$'\n''teams-json'$'\n''text'$'\n''html'
        return
        ;;
    esac
}

_bellwether_digest_preview() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file --since --for)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--since')
        return
        ;;
    '--for')
        __bellwether_add_completions -W 'slack'$'\n''mail'$'\n''teams'$'\n''slack-text'$'\n''slack-json'$'\n''teams-json'$'\n''text'$'\n''html'
        return
        ;;
    esac
}

_bellwether_outbox() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    list|retry|drop)
        # Offer subcommand argument completions
        "_bellwether_outbox_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'list retry drop' -- "${cur}"))
        ;;
    esac
}

_bellwether_outbox_list() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file --state --limit)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--state')
        return
        ;;
    '--limit')
        return
        ;;
    esac
}

_bellwether_outbox_retry() {
    repeating_flags=()
    non_repeating_flags=(--dead --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    esac
}

_bellwether_outbox_drop() {
    repeating_flags=()
    non_repeating_flags=(--dead --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file --receiver)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--receiver')
        return
        ;;
    esac
}

_bellwether_restore() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--from --region --endpoint --ca-file --config)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--from')
        return
        ;;
    '--region')
        return
        ;;
    '--endpoint')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--config')
        return
        ;;
    esac
}

_bellwether_ha() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    status|hand-over)
        # Offer subcommand argument completions
        "_bellwether_ha_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'status hand-over' -- "${cur}"))
        ;;
    esac
}

_bellwether_ha_status() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    esac
}

_bellwether_ha_hand-over() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    esac
}

_bellwether_ack() {
    repeating_flags=()
    non_repeating_flags=(--end --json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file --for --until --why --who)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--for')
        return
        ;;
    '--until')
        return
        ;;
    '--why')
        return
        ;;
    '--who')
        return
        ;;
    esac
}

_bellwether_silence() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    add|list|expire)
        # Offer subcommand argument completions
        "_bellwether_silence_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'add list expire' -- "${cur}"))
        ;;
    esac
}

_bellwether_silence_add() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file --for --until --why --who)
    __bellwether_offer_flags_options -1

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--for')
        return
        ;;
    '--until')
        return
        ;;
    '--why')
        return
        ;;
    '--who')
        return
        ;;
    esac
}

_bellwether_silence_list() {
    repeating_flags=()
    non_repeating_flags=(--all --json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    esac
}

_bellwether_silence_expire() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    esac
}

_bellwether_send-test() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    esac
}

_bellwether_context() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    add|use|list|remove)
        # Offer subcommand argument completions
        "_bellwether_context_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'add use list remove' -- "${cur}"))
        ;;
    esac
}

_bellwether_context_add() {
    repeating_flags=()
    non_repeating_flags=(--use --version -h --help)
    repeating_options=()
    non_repeating_options=(--url --token-file --ca-file --config)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--config')
        return
        ;;
    esac
}

_bellwether_context_use() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 1
}

_bellwether_context_list() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 0
}

_bellwether_context_remove() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 1
}

_bellwether_template() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    analysis|check)
        # Offer subcommand argument completions
        "_bellwether_template_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'analysis check' -- "${cur}"))
        ;;
    esac
}

_bellwether_template_analysis() {
    repeating_flags=()
    non_repeating_flags=(--secret --version -h --help)
    repeating_options=(--gateway --concern)
    non_repeating_options=(--config --name --rollout --strategy --placement --namespace --url --degraded --value --interval --count --failure-limit --argo-version)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--name')
        return
        ;;
    '--rollout')
        return
        ;;
    '--strategy')
        __bellwether_add_completions -W 'canary'$'\n''canary-without-steps'$'\n''bluegreen'
        return
        ;;
    '--placement')
        __bellwether_add_completions -W 'background'$'\n''step'
        return
        ;;
    '--namespace')
        return
        ;;
    '--url')
        return
        ;;
    '--gateway')
        return
        ;;
    '--degraded')
        __bellwether_add_completions -W 'pause'$'\n''pass'
        return
        ;;
    '--value')
        __bellwether_add_completions -W 'summary'$'\n''document'
        return
        ;;
    '--concern')
        return
        ;;
    '--interval')
        return
        ;;
    '--count')
        return
        ;;
    '--failure-limit')
        return
        ;;
    '--argo-version')
        return
        ;;
    esac
}

_bellwether_template_check() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--argo-version)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--argo-version')
        return
        ;;
    esac
}

_bellwether_explain() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file --last)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--last')
        return
        ;;
    esac
}

_bellwether_replay() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=()
    non_repeating_options=(--config --url --token-file --ca-file --vectors)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--config')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--vectors')
        return
        ;;
    esac
}

_bellwether_parity() {
    repeating_flags=()
    non_repeating_flags=(--json --version -h --help)
    repeating_options=(--as --resolve)
    non_repeating_options=(--url --ca-file --rollout --namespace --revision --concern)
    __bellwether_offer_flags_options 0

    # Offer option value completions
    case "${prev}" in
    '--url')
        return
        ;;
    '--as')
        return
        ;;
    '--resolve')
        return
        ;;
    '--ca-file')
        return
        ;;
    '--rollout')
        return
        ;;
    '--namespace')
        return
        ;;
    '--revision')
        return
        ;;
    '--concern')
        return
        ;;
    esac
}

_bellwether_rehearse() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 0

    # Offer subcommand / subcommand argument completions
    local -r subcommand="${unparsed_words[0]}"
    unset 'unparsed_words[0]'
    unparsed_words=("${unparsed_words[@]}")
    case "${subcommand}" in
    bookmark|run|verify|restore)
        # Offer subcommand argument completions
        "_bellwether_rehearse_${subcommand}"
        ;;
    *)
        # Offer subcommand completions
        COMPREPLY+=($(compgen -W 'bookmark run verify restore' -- "${cur}"))
        ;;
    esac
}

_bellwether_rehearse_bookmark() {
    repeating_flags=()
    non_repeating_flags=(--shift --version -h --help)
    repeating_options=(--weight --canary)
    non_repeating_options=(--name --haproxy --backend --http --method --http-ca-file --command --rollout --namespace --argo-version --min-stable --probe --probe-status --probe-contains --probe-times --probe-ca-file)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--name')
        return
        ;;
    '--haproxy')
        return
        ;;
    '--backend')
        return
        ;;
    '--http')
        return
        ;;
    '--weight')
        return
        ;;
    '--method')
        return
        ;;
    '--http-ca-file')
        return
        ;;
    '--command')
        return
        ;;
    '--canary')
        return
        ;;
    '--rollout')
        return
        ;;
    '--namespace')
        return
        ;;
    '--argo-version')
        return
        ;;
    '--min-stable')
        return
        ;;
    '--probe')
        return
        ;;
    '--probe-status')
        return
        ;;
    '--probe-contains')
        return
        ;;
    '--probe-times')
        return
        ;;
    '--probe-ca-file')
        return
        ;;
    esac
}

_bellwether_rehearse_run() {
    repeating_flags=()
    non_repeating_flags=(--live --json --version -h --help)
    repeating_options=()
    non_repeating_options=(--confirm --budget --poll --url --token-file --ca-file)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--confirm')
        return
        ;;
    '--budget')
        return
        ;;
    '--poll')
        return
        ;;
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    esac
}

_bellwether_rehearse_verify() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options 1
}

_bellwether_rehearse_restore() {
    repeating_flags=()
    non_repeating_flags=(--version -h --help)
    repeating_options=()
    non_repeating_options=(--url --token-file --ca-file)
    __bellwether_offer_flags_options 1

    # Offer option value completions
    case "${prev}" in
    '--url')
        return
        ;;
    '--token-file')
        return
        ;;
    '--ca-file')
        return
        ;;
    esac
}

_bellwether_help() {
    repeating_flags=()
    non_repeating_flags=(--version)
    repeating_options=()
    non_repeating_options=()
    __bellwether_offer_flags_options -1
}

complete -o filenames -F _bellwether bellwether
