//go:build !unix

package main

func beChild() { main() }
