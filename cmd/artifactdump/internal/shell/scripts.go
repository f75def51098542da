package shell

import (
	"cmp"
	"fmt"
	"io"
	"strings"
)

// shellCases writes what bash and zsh have in common: what can stand at the
// cursor, as a list of words in $words_; without words it is a file.
func shellCases(w io.Writer, list []completion) {
	fmt.Fprint(w, "    case \"$cmd $prev\" in\n")
	for _, c := range list {
		for _, f := range c.flags {
			if !f.value {
				continue
			}
			if len(f.values) == 0 {
				fmt.Fprintf(w, "        %q) file_=true;;\n", c.path+" "+f.name)
				continue
			}
			fmt.Fprintf(w, "        %q) words_=%q; list_=%t;;\n", c.path+" "+f.name, strings.Join(f.values, " "), f.list)
		}
	}
	fmt.Fprint(w, "    esac\n    if [[ -z $words_ && $file_ == false ]]; then\n        case \"$cmd\" in\n")
	for _, c := range list {
		fmt.Fprintf(w, "            %q) if [[ $cur == -* ]]; then words_=%q; else words_=%q; fi;;\n", c.path, flagNames(c.flags),
			words(c.words))
	}
	fmt.Fprint(w, "        esac\n    fi\n")
}

// commandCases finds the command among the words before the cursor.
func commandCases(w io.Writer, list []completion) {
	fmt.Fprint(w, "        case \"$cmd $word\" in\n")
	for _, c := range list[1:] {
		parent, name := "", c.path
		if i := strings.LastIndexByte(c.path, ' '); i >= 0 {
			parent, name = c.path[:i], c.path[i+1:]
		}
		fmt.Fprintf(w, "            %q) cmd=%q;;\n", parent+" "+name, c.path)
	}
	fmt.Fprint(w, "        esac\n")
}

func bashScript(w io.Writer, list []completion) {
	fmt.Fprint(w, `# Completion of artifactdump for bash.
_artifactdump() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd="" word words_="" list_=false file_=false i
    COMPREPLY=()
    # bash takes the equals sign of --flag=value for a word of its own.
    if [[ $cur == "=" ]]; then
        cur=""
    elif [[ $prev == "=" ]] && ((COMP_CWORD > 2)); then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
`)
	commandCases(w, list)
	fmt.Fprint(w, "    done\n")
	shellCases(w, list)
	fmt.Fprint(w, `    if [[ $list_ == true && $cur == *,* ]]; then
        COMPREPLY=($(compgen -P "${cur%,*}," -W "$words_" -- "${cur##*,}"))
    else
        COMPREPLY=($(compgen -W "$words_" -- "$cur"))
    fi
}
complete -o default -F _artifactdump artifactdump
`)
}

func zshScript(w io.Writer, list []completion) {
	fmt.Fprint(w, `#compdef artifactdump
# Completion of artifactdump for zsh.
_artifactdump() {
    local cur=${words[CURRENT]} prev=${words[CURRENT-1]} cmd="" word words_="" list_=false file_=false i
    if [[ $cur == --*=* ]]; then
        prev=${cur%%=*} cur=${cur#*=}
        compset -P '*='
    fi
    for ((i = 2; i < CURRENT; i++)); do
        word=${words[i]}
`)
	commandCases(w, list)
	fmt.Fprint(w, "    done\n")
	shellCases(w, list)
	fmt.Fprint(w, `    if [[ -z $words_ ]]; then
        _files
    else
        [[ $list_ == true ]] && compset -P '*,'
        compadd -- ${=words_}
    fi
}
if [[ $funcstack[1] == _artifactdump ]]; then _artifactdump "$@"; else compdef _artifactdump artifactdump; fi
`)
}

// quoted is a text in single quotes, as fish and PowerShell read them.
func quoted(s, quote string) string { return "'" + strings.ReplaceAll(s, "'", quote) + "'" }

func fishScript(w io.Writer, list []completion) {
	q := func(s string) string { return quoted(strings.ReplaceAll(s, `\`, `\\`), `\'`) }
	fmt.Fprint(w, `# Completion of artifactdump for fish.

# Tells whether the words before the cursor name this command, and no other.
function __artifactdump_at
    set -l at
    for word in (commandline -opc)[2..]
        switch "$at $word"
`)
	for _, c := range list[1:] {
		parent, name := "", c.path
		if i := strings.LastIndexByte(c.path, ' '); i >= 0 {
			parent, name = c.path[:i], c.path[i+1:]
		}
		fmt.Fprintf(w, "            case %s\n                set at %s\n", q(parent+" "+name), q(c.path))
	}
	io.WriteString(w, `        end
    end
    test "$at" = "$argv[1]"
end

# Completes the last of several words with commas between them.
function __artifactdump_list
    set -l before (string replace --regex '[^,=]*$' '' -- (commandline -ct) | string replace --regex '^--[^=]*=' '')
    printf '%s\n' $before$argv
end

`)
	for _, c := range list {
		at := "complete -c artifactdump -n " + q("__artifactdump_at "+q(c.path))
		if len(c.words) > 0 {
			fmt.Fprintf(w, "%s -f\n", at) // no files
		}
		for _, x := range c.words {
			fmt.Fprintf(w, "%s -a %s -d %s\n", at, q(x.word), q(cmp.Or(x.usage, c.path)))
		}
		for _, f := range c.flags {
			option := "-l " + strings.TrimPrefix(f.name, "--")
			if !strings.HasPrefix(f.name, "--") {
				option = "-s " + strings.TrimPrefix(f.name, "-")
			}
			values := strings.Join(f.values, " ")
			switch {
			case f.list:
				option += " -x -a " + q("(__artifactdump_list "+values+")")
			case values != "":
				option += " -x -a " + q(values)
			case f.value:
				option += " -r -F"
			}
			fmt.Fprintf(w, "%s %s -d %s\n", at, option, q(f.usage))
		}
		fmt.Fprintf(w, "%s -l help -d 'show help'\n", at)
	}
}

func powershellScript(w io.Writer, list []completion) {
	q := func(s string) string { return quoted(s, "''") }
	fmt.Fprint(w, "# Completion of artifactdump for PowerShell.\nRegister-ArgumentCompleter -Native -CommandName @('artifactdump', 'artifactdump.exe') -ScriptBlock {\n"+
		"    param($wordToComplete, $commandAst, $cursorPosition)\n    $commands = @{\n")
	array := func(list []string) string {
		var out []string
		for _, s := range list {
			out = append(out, q(s))
		}
		return "@(" + strings.Join(out, ", ") + ")"
	}
	for _, c := range list {
		fmt.Fprintf(w, "        %s = @{ words = %s; flags = %s; choices = @{", q(c.path), array(strings.Fields(words(c.words))),
			array(strings.Fields(flagNames(c.flags))))
		for _, f := range c.flags {
			if len(f.values) > 0 {
				fmt.Fprintf(w, " %s = %s;", q(f.name), array(f.values))
			}
		}
		fmt.Fprint(w, " } }\n")
	}
	fmt.Fprint(w, `    }
    $path = ''
    $before = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    foreach ($word in $before) {
        $next = "$path $word".Trim()
        if ($commands.ContainsKey($next)) { $path = $next }
    }
    $at = $commands[$path]
    $last = if ($before.Count -gt 0) { $before[-1] } else { '' }
    $typed = $wordToComplete
    $kept = ''
    if ($typed -match '^(--[^=]+)=(.*)$') {
        $last = $Matches[1]
        $kept = "$last="
        $typed = $Matches[2]
    }
    $choices = if ($at.choices.ContainsKey($last)) { $at.choices[$last] } elseif ($typed.StartsWith('-')) { $at.flags } else { $at.words }
    $choices | Where-Object { $_.StartsWith($typed) } | ForEach-Object { [System.Management.Automation.CompletionResult]::new("$kept$_", $_, 'ParameterValue', $_) }
}
`)
}
