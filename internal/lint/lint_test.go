// Package lint holds millrace to its house rules: which package may import which, where the clock may be read, what
// must have a comment, how long a file may be. It has nothing but tests.
//
// A rule is a function from the repository's files to the violations it finds. [TestHouse] applies each to the real
// files; the table beside each rule proves, on sources made up for it, that the rule can fail.
package lint

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rules has every house rule by the name that go test -run takes.
var rules = map[string]func([]source) []string{
	"layers":     layers,
	"brokers":    brokers,
	"clock":      clock,
	"goroutines": goroutines,
	"comments":   comments,
	"length":     length,
	"markers":    markers,
}

func TestHouse(t *testing.T) {
	t.Parallel()
	sources := repository(t)
	if !slices.ContainsFunc(sources, func(s source) bool { return s.path == "internal/lint/lint_test.go" }) {
		t.Fatal("lint: the walk over the repository did not find this file, so it proves nothing")
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, violation := range rule(sources) {
				t.Error(violation)
			}
		})
	}
}

// repo is a made-up repository: a file's text by its path.
type repo map[string]string

// catch is a row of a rule's own table.
type catch struct {
	name string
	repo repo
	want []string
}

// check runs a rule over made-up repositories.
func check(t *testing.T, rule func([]source) []string, rows []catch) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var sources []source
			for name, text := range row.repo {
				sources = append(sources, parse(t, name, text))
			}
			got := rule(sources)
			slices.Sort(got)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}
