# shorter prompt
function prompt { "> " }
