# fish completion for dcvprobe(1): the program itself says what may stand next, one word a line, with its meaning behind a
# tab. A line that begins with a colon is for the shell: files may stand there, or what comes before the value.

function __dcvprobe_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l before ''
    for line in (command $words[1] __complete $words[2..] "$word" 2>/dev/null)
        switch $line
            case ':files*'
                __fish_complete_path (string replace -- "$before" '' "$word")
            case ':value*'
                set before (string split \t -- $line)[2]
            case '*'
                echo -- $before$line
        end
    end
end

complete -c dcvprobe -f -a '(__dcvprobe_complete)'
