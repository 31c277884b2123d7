package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// module is the import path of the repository's root; the tests below check it against go.mod.
const module = "github.com/millrace-go/millrace"

// source is one Go or Markdown file of the repository. Its path is relative to the root, with forward slashes.
type source struct {
	path string
	text string
	file *ast.File // nil for Markdown
	fset *token.FileSet
}

// dir is the folder of the file, which is also its package relative to the module: "." for the root.
func (s source) dir() string { return path.Dir(s.path) }

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// isCode says that the file is hand-written Go that ships: neither Markdown, nor a test, nor generated.
func (s source) isCode() bool { return s.file != nil && !s.isTest() && !ast.IsGenerated(s.file) }

// at gives a position as path:line.
func (s source) at(pos token.Pos) string { return s.fset.Position(pos).String() }

// within says whether folder is one of roots or lies below one.
func within(folder string, roots ...string) bool {
	for _, root := range roots {
		if folder == root || strings.HasPrefix(folder, root+"/") {
			return true
		}
	}
	return false
}

func parse(t *testing.T, name, text string) source {
	t.Helper()
	s := source{path: name, text: text, fset: token.NewFileSet()}
	if strings.HasSuffix(name, ".go") {
		file, err := parser.ParseFile(s.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("lint: %v", err)
		}
		s.file = file
	}
	return s
}

// repository reads every Go and Markdown file of the module. It leaves out what the go command leaves out (testdata,
// vendor, folders that begin with a dot or an underscore) and nested modules.
func repository(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatalf("lint: the house rules run from internal/lint: %v", err)
	}
	if first, _, _ := strings.Cut(string(gomod), "\n"); first != "module "+module {
		t.Fatalf("lint: go.mod begins with %q, the rules expect %q", first, "module "+module)
	}
	var sources []source
	err = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != root && skipped(name, entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if ext := filepath.Ext(name); ext != ".go" && ext != ".md" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		sources = append(sources, parse(t, filepath.ToSlash(rel), string(text)))
		return nil
	})
	if err != nil {
		t.Fatalf("lint: %v", err)
	}
	return sources
}

func skipped(name, base string) bool {
	if base == "testdata" || base == "vendor" || base[0] == '.' || base[0] == '_' {
		return true
	}
	_, err := os.Stat(filepath.Join(name, "go.mod"))
	return err == nil
}
