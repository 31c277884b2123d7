package workflow_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-go/millrace/workflow"
)

func TestBadJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, src, want string }{
		{"nothing", "", "w.json:1:1: the document ends too early"},
		{"spaces", " \n ", "w.json:2:2: the document ends too early"},
		{"cut off", "{\"name\": \"w\",\n \"graph\": {", "w.json:2:12: the document ends too early"},
		{"cut off in a string", "{\"name\": \"w", "w.json:1:12: the document ends too early"},
		{"no JSON", "{\n x: 1}", "w.json:2:2: this is no JSON: "},
		{"a comma too many", `{"name": "w", "graph": {},}`, "w.json:1:27: this is no JSON: "},
		{"no UTF-8", "{\"name\": \"\xff\"}", "w.json:1:11: this is no JSON: "},
		{"more than one", `{} {}`, "w.json:1:4: something follows the end of the document"},
		{"too deep", strings.Repeat("[", 100), "w.json:1:17: brackets are nested deeper than 16 levels"},
		{"too large", strings.Repeat(" ", workflow.MaxSize+1), "w.json:1:1: the document has 1048577 bytes, at most 1048576 are read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := workflow.Parse("w.json", []byte(tt.src))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// Large documents, made to be hard: what is told of them is short, and takes a moment.
func TestHostile(t *testing.T) {
	t.Parallel()
	const size = workflow.MaxSize / 4
	fill := func(head, each, tail string) string {
		return head + strings.Repeat(each, max(0, size-len(head)-len(tail))/len(each)) + tail
	}
	long := strings.Repeat("n", size/2)
	var ring strings.Builder
	for i := range 2_000 {
		fmt.Fprintf(&ring, `"n%d":{"type":"stream-operation","function":"f","inputs":["n%d"]},`, i, i+1)
	}
	for name, src := range map[string]string{
		"a long name and many errors": fill(`{"name":"w","graph":{"`+long+`":{"type":"stream-operation","function":"f","inputs":[`, `"q",`, `"q"]}}}`),
		"a long cycle and many ways back": fill(`{"name":"w","graph":{`+ring.String()+`"n2000":{"type":"stream-operation","function":"f","inputs":[`,
			`"n0",`, `"n0"]}}}`),
		"many objects on one line": fill(`{"name":"w","graph":{`, `"":1,`, `"a":1}}`),
		"many lines":               fill(`{"name":"w","graph":[`, "1,\n", `1]}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := workflow.Parse("w.json", []byte(src))
			if err == nil {
				t.Fatal("no error")
			}
			if n := len(err.Error()); n > 50_000 {
				t.Errorf("the errors have %d bytes", n)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(talk(f))
	f.Add([]byte(`{"name": "w", "graph": {"a": {"type": "topic-stream", "topic-name": "t"}, "p": {"type": "publish", "stream": "a", "topic-name": "u"}}}`))
	f.Add([]byte(`{"name": "w", "graph": {"a": {"type": "stream-operation", "inputs": ["a", 1], "function": "f"}, "a": {"type": 1}}} x`))
	f.Add([]byte(`{"name": "w", "graph": {"a": {"type": "external-task", "stream": "a", "task-name": "t", "attempts": 1e3, "backoff": "1h"}}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := workflow.Parse("w.json", src)
		if (d == nil) == (err == nil) {
			t.Fatalf("document %v, error %v", d, err)
		}
		if err == nil {
			if text := d.Describe() + d.Mermaid(); !strings.Contains(text, d.Nodes[0].Name) {
				t.Errorf("the drawing lacks node %q:\n%s", d.Nodes[0].Name, text)
			}
			return
		}
		lines := strings.Split(string(src), "\n")
		for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
			var placed *workflow.Error
			if !errors.As(e, &placed) {
				continue // how many more there are
			}
			if placed.Line < 1 || placed.Line > len(lines) || placed.Column < 1 || placed.Column > len(lines[placed.Line-1])+1 {
				t.Errorf("%v: there is no such place", placed)
			}
		}
	})
}
