package output

// SomeRows gives the tests outside the package the same rows.
var SomeRows = someRows
