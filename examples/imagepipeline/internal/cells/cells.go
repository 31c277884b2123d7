// Package cells finds the real microscopy images that the tests compare with.
// They are too large for the repository and lie beside it.
package cells

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir is the folder of the real images and their reference values. Where it is
// absent the test is skipped, with the reason; in CI (CI=true) it fails, since
// a comparison that is silently left out proves nothing.
func Dir(tb testing.TB) string {
	tb.Helper()
	shared := os.Getenv("MILLRACE_SHARED")
	if shared == "" {
		shared = filepath.Join(repository(tb), "..", "shared")
	}
	dir := filepath.Join(shared, "cells")
	if _, err := os.Stat(filepath.Join(dir, "reference.json")); err != nil { //nolint:gosec // G703: the developer's own environment names the folder
		const fix = "set MILLRACE_SHARED to the folder that holds cells/reference.json"
		if os.Getenv("CI") == "true" {
			tb.Fatalf("the real images are required in CI: %v: %s", err, fix)
		}
		tb.Skipf("NOT COMPARED WITH THE REAL IMAGES: %v: %s", err, fix)
	}
	return dir
}

// repository is the folder of the repository. Tests run in their package's.
func repository(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			tb.Fatal("no go.mod above the test's folder: run it in the repository")
		}
		dir = above
	}
}
