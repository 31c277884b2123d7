package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const shout = `{"name": "shout", "graph": {
  "words": {"type": "topic-stream", "topic-name": "words"},
  "loud": {"type": "stream-operation", "function": "upper", "inputs": ["words"]},
  "out": {"type": "publish", "topic-name": "shouts", "stream": "loud"}}}`

func TestWorkflow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.json"), filepath.Join(dir, "bad.json")
	for path, text := range map[string]string{good: shout, bad: strings.ReplaceAll(shout, "publish", "print")} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	//nolint:dupword // nodes are named where they are drawn and where arrows begin and end
	const chart = `flowchart TD
    node_words(["words<br/>words"])
    node_loud["loud<br/>upper"]
    node_out(["out<br/>shouts"])
    node_words --> node_loud
    node_loud --> node_out
`
	wrong := `: node "out": unknown type "print": the types are topic-stream, topic-table, stream-operation, external-task and publish` + "\n"
	for _, tt := range []struct {
		args                     []string
		stdin                    string
		stdout, stderr, errorHas string
	}{
		{args: []string{"check", good}, stdout: good + ": shout: 3 nodes, no errors\n"},
		{args: []string{"check", "-"}, stdin: shout, stdout: "<stdin>: shout: 3 nodes, no errors\n"},
		{args: []string{"check", bad}, stderr: bad + ":4:19" + wrong, errorHas: "the document has errors"},
		{args: []string{"check", "-"}, stdin: "{\n", stderr: "<stdin>:2:1: the document ends too early: a bracket or quote is not closed\n", errorHas: "the document has errors"},
		{args: []string{"check", filepath.Join(dir, "none.json")}, errorHas: "no such file"},
		{args: []string{"check"}, errorHas: "accepts 1 arg"},
		{args: []string{"graph", good}, stdout: chart},
		{args: []string{"graph", "-", "--format", "text"}, stdin: shout, stdout: `shout
  words  topic-stream      words
  loud   stream-operation  upper   <-- words
  out    publish           shouts  <-- loud
`},
		{args: []string{"graph", bad}, stderr: bad + ":4:19" + wrong, errorHas: "the document has errors"},
		{args: []string{"graph", good, "--format", "svg"}, errorHas: `unknown format "svg"`},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			t.Parallel()
			root := newRoot()
			var stdout, stderr strings.Builder
			root.SetArgs(append([]string{"workflow"}, tt.args...))
			root.SetIn(strings.NewReader(tt.stdin))
			root.SetOut(&stdout)
			root.SetErr(&stderr)
			err := root.Execute()
			if (err == nil) != (tt.errorHas == "") || err != nil && !strings.Contains(err.Error(), tt.errorHas) {
				t.Errorf("error %v, want %q", err, tt.errorHas)
			}
			if diff := cmp.Diff([]string{tt.stdout, tt.stderr}, []string{stdout.String(), stderr.String()}); diff != "" {
				t.Errorf("stdout and stderr (-want +got):\n%s", diff)
			}
		})
	}
}
