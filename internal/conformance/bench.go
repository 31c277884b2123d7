package conformance

import (
	"fmt"
	"runtime"
)

// bench stands in for a testing.TB: a failure ends the goroutine of the case, as it ends that of a test.
type bench struct {
	failed   string
	cleanups []func()
}

// Helper is for traces of a test's lines, and there are none.
func (*bench) Helper() {}

// Errorf notes the first failure.
func (b *bench) Errorf(format string, args ...any) {
	if b.failed == "" {
		b.failed = fmt.Sprintf(format, args...)
	}
}

// Fatalf notes the failure and ends the case.
func (b *bench) Fatalf(format string, args ...any) {
	b.Errorf(format, args...)
	runtime.Goexit()
}

// Cleanup keeps f for finish.
func (b *bench) Cleanup(f func()) { b.cleanups = append(b.cleanups, f) }

// finish runs what was left to the end of the test.
func (b *bench) finish() {
	for _, f := range b.cleanups {
		f()
	}
}
