package millrace_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadme: the README's program is the one that the compiler sees.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(readme), "```go\n")
	program, _, _ := strings.Cut(after, "```")
	compiled, err := os.ReadFile("examples/wordcount/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(compiled), program); diff != "" {
		t.Errorf("the README's first program (-compiled +README):\n%s", diff)
	}
}
