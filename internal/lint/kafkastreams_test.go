package lint

import (
	"fmt"
	"go/ast"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mapped are the packages whose operators docs/kafka-streams.md maps to Kafka Streams'.
var mapped = []string{"stream", "table", "window", "state", "topology"}

// plumbing is exported for other packages of the module, or tells what something is: it has no counterpart to be mapped to.
var plumbing = regexp.MustCompile(`^(` + strings.Join([]string{
	`\w+\.Of`, `\w+\.(Parts|Graph|View|ReadBy|Task|String|Err|KeySerde|Name)`, `table\.Records`, `state\.\w*ReaderOf`, `topology\.Options`,
	`\w+Window\.(Grace|Size|Gap|Advance|Retention|Bounds|First|Starts|End|Is\w+)`,
}, "|") + `)$`)

// name is a name in the document, as it stands between backquotes: Stream.Filter, stream.From, table.Grouped.Count.
var name = regexp.MustCompile(`\b(\w+\.)?(\w+)\.([A-Z]\w*)\b`)

// declared lists the exported functions, methods, types and variables of the module's packages, by the names that a reader may
// give them: stream.From, Stream.Filter and stream.Stream.Filter. operators are those that the document must name, each with
// the shortest name that means only it.
func declared(sources []source) (all map[string]bool, operators []string) {
	all = map[string]bool{}
	owners := map[string]map[string]bool{} // by type with methods: the mapped packages that have one of its name
	long := map[string]bool{}
	note := func(s source, recv, n string) {
		pkg := s.file.Name.Name
		full := pkg + "." + n
		if recv != "" {
			full = pkg + "." + recv + "." + n
			all[recv+"."+n] = true
		}
		all[full] = true
		if slices.Contains(mapped, s.dir()) {
			long[full] = true
			if owners[recv] == nil {
				owners[recv] = map[string]bool{}
			}
			owners[recv][pkg] = true
		}
	}
	for _, s := range sources {
		if !s.isCode() || s.file.Name.Name == "main" || slices.Contains(strings.Split(s.dir(), "/"), "internal") {
			continue
		}
		for _, decl := range s.file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				recv := receiver(decl)
				if decl.Name.IsExported() && (decl.Recv == nil || ast.IsExported(recv)) {
					note(s, recv, decl.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					for _, n := range introduced(spec) {
						all[s.file.Name.Name+"."+n] = true
					}
				}
			}
		}
	}
	for full := range long {
		short := full
		if parts := strings.Split(full, "."); len(parts) == 3 && len(owners[parts[1]]) == 1 {
			short = parts[1] + "." + parts[2]
		}
		if !plumbing.MatchString(short) && !plumbing.MatchString(full) {
			operators = append(operators, short)
		}
	}
	slices.Sort(operators)
	return all, operators
}

func introduced(spec ast.Spec) []string {
	var names []string
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		names = append(names, spec.Name.Name)
	case *ast.ValueSpec:
		for _, n := range spec.Names {
			names = append(names, n.Name)
		}
	}
	return names
}

// receiver is the name of a method's type, "" for a function.
func receiver(decl *ast.FuncDecl) string {
	if decl.Recv == nil {
		return ""
	}
	found := ""
	ast.Inspect(decl.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && found == "" {
			found = id.Name
		}
		return found == ""
	})
	return found
}

// mapping finds operators that the document does not name, and names in its column for millrace that do not exist.
func mapping(sources []source, doc string) []string {
	all, operators := declared(sources)
	given := map[string]bool{}
	var violations []string
	for i, line := range strings.Split(doc, "\n") {
		cells := strings.Split(line, "|")
		ours := []string{line} // outside tables, a paragraph speaks of millrace
		if strings.HasPrefix(line, "|") && len(cells) > 4 {
			ours = cells[2:]
		}
		for _, cell := range ours {
			for j, quoted := range strings.Split(cell, "`") {
				if j%2 == 0 {
					continue
				}
				for _, m := range name.FindAllString(quoted, -1) {
					given[m] = true
					if !all[m] {
						violations = append(violations, fmt.Sprintf("docs/kafka-streams.md:%d: there is no %s", i+1, m))
					}
				}
			}
		}
	}
	for _, op := range operators {
		if !given[op] {
			violations = append(violations, fmt.Sprintf("docs/kafka-streams.md: no row has %s", op))
		}
	}
	return violations
}

func TestKafkaStreamsIsMapped(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/kafka-streams.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, violation := range mapping(repository(t), string(doc)) {
		t.Error(violation)
	}
}

func TestMapping(t *testing.T) {
	t.Parallel()
	made := repo{
		"stream/s.go": "package stream\nfunc From() {}\nfunc Of() {}\nfunc hidden() {}\ntype Stream[K any] struct{}\nfunc (s *Stream[K]) Filter() {}\ntype Grouped struct{}\nfunc (g Grouped) Count() {}",
		"table/t.go":  "package table\ntype Grouped struct{}\nfunc (g *Grouped) Count() {}",
	}
	const whole = "Use `stream.From`.\n|KS|ours|note|\n|---|---|---|\n| `KStream.Filter` | `Stream.Filter` | |\n" +
		"| c | `stream.Grouped.Count`, `table.Grouped.Count` | |\n"
	for _, row := range []struct {
		name, doc string
		want      []string
	}{
		{"complete", whole, nil},
		{"one is not named", strings.Replace(whole, "`table.Grouped.Count`", "", 1), []string{"docs/kafka-streams.md: no row has table.Grouped.Count"}},
		{"a name that means two is not enough", strings.Replace(whole, "table.Grouped", "Grouped", 1), []string{"docs/kafka-streams.md: no row has table.Grouped.Count"}},
		{"one that does not exist", whole + "| x | `Stream.Fliter` | |\n", []string{"docs/kafka-streams.md:6: there is no Stream.Fliter"}},
		{"unquoted", strings.Replace(whole, "`stream.From`", "stream.From", 1), []string{"docs/kafka-streams.md: no row has stream.From"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var sources []source
			for _, path := range slices.Sorted(maps.Keys(made)) {
				sources = append(sources, parse(t, path, made[path]))
			}
			if got := mapping(sources, row.doc); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
