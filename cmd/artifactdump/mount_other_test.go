//go:build unix && !linux

package main

import "errors"

func mountTmpfs(dir, opts string) error { return errors.ErrUnsupported }

func unmount(dir string) error { return nil }
