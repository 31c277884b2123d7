package testkit_test

import (
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

// fake is a TB that notes how its test fails.
type fake struct {
	failures []string
	cleanups []func()
}

func (f *fake) Helper()            {}
func (f *fake) Cleanup(end func()) { f.cleanups = append(f.cleanups, end) }

func (f *fake) Errorf(format string, args ...any) {
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

func (f *fake) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}

// place is the part of a text that changes when this file does.
var place = regexp.MustCompile(`_test\.go:\d+`)

// fails runs a test to its end and returns the texts that it failed with.
func fails(t *testing.T, test func(t testkit.TB)) string {
	t.Helper()
	var f fake
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(&f)
	}()
	<-done
	for _, end := range slices.Backward(f.cleanups) {
		end()
	}
	return place.ReplaceAllString(strings.Join(f.failures, "\n"), "_test.go:N")
}

// build ends a test whose topology has a mistake.
func build(t *testing.T, b *topology.Builder) *topology.Topology {
	t.Helper()
	topo, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return topo
}
