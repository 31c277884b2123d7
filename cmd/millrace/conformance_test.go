package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	agreeing = `{"scenario":"filter","case":"filter/hand=even","params":{},"input":[{"topic":"in","key":"k","value":"even","ts":7}],` +
		`"output":[{"topic":"out","key":"k","value":"even","ts":7}],"outputAfter":[1],"stores":{},"dropped":0}` + "\n"
	differing = `{"scenario":"filter","case":"filter/hand=odd","params":{},"input":[{"topic":"in","key":"k","value":"odd","ts":7}],` +
		`"output":[{"topic":"out","key":"k","value":"odd","ts":7}],"outputAfter":[1],"stores":{},"dropped":0}` + "\n"
	unknown = `{"scenario":"no-such","case":"no-such/hand=x","params":{},"input":[],"output":[],"outputAfter":[],"stores":{},"dropped":0}` + "\n"
	cached  = `{"scenario":"filter","case":"filter/hand=cached","params":{"cacheMaxBytes":1},"input":[{"topic":"in","key":"k","value":"odd","ts":7}],` +
		`"output":[{"topic":"out","key":"k","value":"odd","ts":7}],"outputAfter":[1],"stores":{},"dropped":0}` + "\n"
)

// The command ends with the three totals, and fails if a case of the contract does.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file string
		args       []string
		out        string
		failure    string
	}{
		{name: "agrees", file: agreeing, out: `filter                                   1 passed, 0 failed
cached: 0 passed, 0 failed
deviating by design: 0
1 passed, 0 failed
`},
		{name: "differs", file: agreeing + differing, out: `filter                                   1 passed, 1 failed
  filter/hand=odd
    input step 0 (in: "k" -> "odd" at 7)
    expected: out: "k" -> "odd" at 7
    got:      nothing
cached: 0 passed, 0 failed
deviating by design: 0
1 passed, 1 failed
`, failure: "1 cases differ from Kafka Streams"},
		{name: "unknown scenario", file: unknown, out: `no-such                                  0 passed, 1 failed
  no-such/hand=x
    there is no topology for this scenario
cached: 0 passed, 0 failed
deviating by design: 0
0 passed, 1 failed
`, failure: "1 cases differ from Kafka Streams"},
		{name: "a cached case decides nothing", file: cached + agreeing, out: `filter                                   1 passed, 0 failed
cached: 0 passed, 1 failed
deviating by design: 0
1 passed, 0 failed
`},
		{name: "one scenario", file: agreeing + unknown, args: []string{"--scenario", "filter"}, out: `filter                                   1 passed, 0 failed
cached: 0 passed, 0 failed
deviating by design: 0
1 passed, 0 failed
`},
		{name: "no such scenario", file: agreeing, args: []string{"--scenario", "fliter"}, failure: "no case of the scenarios [fliter]"},
		{name: "no case", file: "\n", failure: "holds no cases"},
		{name: "no JSON", file: "{", failure: "line 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "cases.jsonl")
			if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			root := newRoot()
			var out strings.Builder
			root.SetArgs(append([]string{"conformance", path}, tt.args...))
			root.SetOut(&out)
			err := root.Execute()
			if diff := cmp.Diff(tt.out, out.String()); diff != "" {
				t.Error(diff)
			}
			switch {
			case tt.failure == "" && err != nil:
				t.Error(err)
			case tt.failure != "" && (err == nil || !strings.Contains(err.Error(), tt.failure)):
				t.Errorf("got error %v, want one with %q", err, tt.failure)
			}
		})
	}
}
