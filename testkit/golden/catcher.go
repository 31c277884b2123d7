package golden

import "fmt"

// catcher is the test of a script's driver: it ends a command that fails, not the script, since a failure may be what the
// script is there to show.
type catcher struct {
	failures string
	cleanups []func()
}

// failed is what Fatalf panics with; it never leaves catch.
type failed struct{}

func (c *catcher) Helper()          {}
func (c *catcher) Cleanup(f func()) { c.cleanups = append(c.cleanups, f) }

func (c *catcher) Errorf(format string, args ...any) { c.failures += fmt.Sprintf(format, args...) }

func (c *catcher) Fatalf(format string, args ...any) {
	c.Errorf(format, args...)
	panic(failed{}) //nolint:forbidigo // unwinds to catch, below
}

// catch runs f and returns the text that it failed with.
func (c *catcher) catch(f func()) (failure string) {
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

// finish runs the second run and whatever else waits for the end of the test.
func (c *catcher) finish() string {
	return c.catch(func() {
		for _, f := range c.cleanups {
			f()
		}
	})
}
