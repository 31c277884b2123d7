// Package catch is the test of a driver whose failure is something to look at, and not the end of the test around it.
package catch

import "fmt"

// TB is a testkit.TB.
type TB struct {
	failures string
	cleanups []func()
}

// failed is what Fatalf panics with; it never leaves Catch.
type failed struct{}

// Helper is for traces of a test's lines, and there are none.
func (c *TB) Helper() {}

// Cleanup keeps f for Finish.
func (c *TB) Cleanup(f func()) { c.cleanups = append(c.cleanups, f) }

// Errorf notes a failure.
func (c *TB) Errorf(format string, args ...any) { c.failures += fmt.Sprintf(format, args...) }

// Fatalf notes a failure and ends what Catch runs.
func (c *TB) Fatalf(format string, args ...any) {
	c.Errorf(format, args...)
	panic(failed{}) //nolint:forbidigo // unwinds to Catch, below
}

// Catch runs f and returns the text that it failed with.
func (c *TB) Catch(f func()) (failure string) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(failed); !ok {
				panic(p) //nolint:forbidigo // not ours
			}
		}
		failure, c.failures = c.failures, ""
	}()
	f()
	return
}

// Finish runs what waits for the end of the test: a driver's second run.
func (c *TB) Finish() string {
	return c.Catch(func() {
		for _, f := range c.cleanups {
			f()
		}
	})
}
