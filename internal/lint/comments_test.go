package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"
)

// comments finds packages without a package comment and, in the packages that users import, exported names without a
// doc comment: top-level declarations, methods of exported types, methods of exported interfaces with more than one, and
// the fields of structs named Config or ...Options, whose units and defaults nobody can guess.
func comments(sources []source) []string {
	packages := map[string]bool{} // by folder: has it a package comment
	var violations []string
	for _, s := range sources {
		if !s.isCode() {
			continue
		}
		packages[s.dir()] = packages[s.dir()] || s.file.Doc != nil
		if slices.Contains(strings.Split(s.dir(), "/"), "internal") || s.file.Name.Name == "main" {
			continue
		}
		for _, decl := range s.file.Decls {
			for _, bare := range undocumented(decl) {
				violations = append(violations, fmt.Sprintf("%s: exported %s has no doc comment", s.at(bare.Pos()), bare.Name))
			}
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(packages)) {
		if !packages[folder] {
			violations = append(violations, folder+": no file has a package comment")
		}
	}
	return violations
}

// wellKnown are methods that say all by satisfying fmt.Stringer, error and the interface of errors.Is.
var wellKnown = []string{"String", "Error", "Unwrap"}

// undocumented gives the exported names that a declaration introduces without a comment. One comment over a group of
// constants or variables serves the group.
func undocumented(decl ast.Decl) []*ast.Ident {
	var bare []*ast.Ident
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Name.IsExported() && decl.Doc == nil && (decl.Recv == nil || exportedReceiver(decl.Recv) && !slices.Contains(wellKnown, decl.Name.Name)) {
			bare = append(bare, decl.Name)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				if decl.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					bare = append(bare, exported(spec.Names)...)
				}
			case *ast.TypeSpec:
				if !spec.Name.IsExported() {
					continue
				}
				grouped := decl.Lparen != token.NoPos
				if spec.Doc == nil && spec.Comment == nil && (grouped || decl.Doc == nil) {
					bare = append(bare, spec.Name)
				}
				bare = append(bare, undocumentedMembers(spec)...)
			}
		}
	}
	return bare
}

func undocumentedMembers(spec *ast.TypeSpec) []*ast.Ident {
	var fields *ast.FieldList
	switch kind := spec.Type.(type) {
	case *ast.InterfaceType:
		if len(kind.Methods.List) > 1 { // the comment on an interface speaks for its only method
			fields = kind.Methods
		}
	case *ast.StructType:
		if spec.Name.Name == "Config" || strings.HasSuffix(spec.Name.Name, "Options") {
			fields = kind.Fields
		}
	}
	if fields == nil {
		return nil
	}
	var bare []*ast.Ident
	for _, field := range fields.List {
		if field.Doc == nil && field.Comment == nil {
			bare = append(bare, exported(field.Names)...)
		}
	}
	return bare
}

func exported(names []*ast.Ident) []*ast.Ident {
	return slices.DeleteFunc(slices.Clone(names), func(n *ast.Ident) bool { return !n.IsExported() })
}

// exportedReceiver says whether a method belongs to an exported type: T, *T, T[K] or T[K, V].
func exportedReceiver(recv *ast.FieldList) bool {
	kind := recv.List[0].Type
	for {
		switch k := kind.(type) {
		case *ast.StarExpr:
			kind = k.X
		case *ast.ParenExpr:
			kind = k.X
		case *ast.IndexExpr:
			kind = k.X
		case *ast.IndexListExpr:
			kind = k.X
		case *ast.Ident:
			return k.IsExported()
		default:
			return false
		}
	}
}

func TestComments(t *testing.T) {
	t.Parallel()
	const head = "// Package stream streams.\npackage stream\n"
	check(t, comments, []catch{
		{name: "all documented", repo: repo{"stream/s.go": head + `
// Sizes.
const (
	Small = 1
	Large = 2
)

// S is.
type S[K, V any] struct{ Field int }

// Map maps.
func (s S[K, V]) Map[R any](f func(V) R) S[K, R] { return S[K, R]{} }

type hidden struct{}

func (hidden) Exported() {}

func quiet() {}
`}},
		{name: "a function, a generic method, a type in a group, a variable", repo: repo{"stream/s.go": head + `
func From() {}

// S is.
type S[K, V any] struct{}

func (s *S[K, V]) Map[R any](f func(V) R) {}

// A comment on a group of types does not say what each is.
type (
	T int
)

var A, b = 1, 2
`}, want: []string{
			"stream/s.go:13:2: exported T has no doc comment",
			"stream/s.go:16:5: exported A has no doc comment",
			"stream/s.go:4:6: exported From has no doc comment",
			"stream/s.go:9:19: exported Map has no doc comment",
		}},
		{name: "members of interfaces and of options", repo: repo{"stream/s.go": head + `
// One does.
type One interface{ Do() }

// Two does.
type Two interface{
	// Do does.
	Do()
	Done() error
}

// SendOptions tune.
type SendOptions struct {
	Size int // Size is in bytes.
	Wait int
}
`}, want: []string{
			"stream/s.go:11:2: exported Done has no doc comment",
			"stream/s.go:17:2: exported Wait has no doc comment",
		}},
		{name: "no package comment", repo: repo{
			"internal/wire/a.go":      "package wire\nfunc Free() {}",
			"internal/wire/a_test.go": "// Package wire is.\npackage wire",
			"cmd/internal/x/x.go":     "// Package x is.\npackage x\nfunc Free() {}",
			"cmd/tool/main.go":        "// Command tool runs.\npackage main\nfunc Main() {}",
		}, want: []string{"internal/wire: no file has a package comment"}},
		{name: "one package comment is enough", repo: repo{
			"internal/wire/a.go":   "package wire",
			"internal/wire/doc.go": "// Package wire is.\npackage wire",
		}},
		{name: "generated code", repo: repo{
			"state/gen.go": "// Code generated by hand. DO NOT EDIT.\n\npackage state\nfunc Bare() {}",
		}},
	})
}
