package lint

import (
	"fmt"
	"go/ast"
	"path"
	"strconv"
	"testing"
)

// pure lists the packages whose results depend on their input alone: records and ticks go in, effects come out. That
// is what lets the testkit and the simulation prove what the runtime does, so they may neither ask the time nor a die.
var pure = []string{"internal/engine", "internal/graph", "internal/operator", "internal/store", "stream", "table", "topology", "state", "window", "serde", "internal/assign"}

// clockFuncs are the functions of package time that read the clock or wait for it.
var clockFuncs = map[string]bool{
	"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true, "AfterFunc": true,
	"Tick": true, "NewTicker": true, "NewTimer": true,
}

var dice = map[string]bool{"math/rand": true, "math/rand/v2": true, "crypto/rand": true}

// clock finds uses of the wall clock and of randomness in the pure packages.
func clock(sources []source) []string {
	var violations []string
	for _, s := range sources {
		if s.file == nil || s.isTest() || !within(s.dir(), pure...) {
			continue
		}
		if name, spec := importName(s.file, func(p string) bool { return dice[p] }); name != "" {
			violations = append(violations, fmt.Sprintf("%s: %s must not use %s: let the caller pass what is drawn",
				s.at(spec.Pos()), s.dir(), spec.Path.Value))
		}
		timeName, _ := importName(s.file, func(p string) bool { return p == "time" })
		if timeName == "" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || !clockFuncs[sel.Sel.Name] {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == timeName {
				violations = append(violations, fmt.Sprintf("%s: %s must not use time.%s: time comes with the record or the tick",
					s.at(sel.Pos()), s.dir(), sel.Sel.Name))
			}
			return true
		})
	}
	return violations
}

// importName gives the name under which a file knows the first import that matches, and that import.
func importName(file *ast.File, match func(string) bool) (string, *ast.ImportSpec) {
	for _, spec := range file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil || !match(p) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name, spec
		}
		return path.Base(p), spec
	}
	return "", nil
}

// goroutines finds go statements, and calls named Go as sync.WaitGroup and errgroup have them, in the engine.
func goroutines(sources []source) []string {
	var violations []string
	for _, s := range sources {
		if s.file == nil || s.isTest() || !within(s.dir(), engine) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			starts := false
			switch n := n.(type) {
			case *ast.GoStmt:
				starts = true
			case *ast.CallExpr:
				sel, ok := n.Fun.(*ast.SelectorExpr)
				starts = ok && sel.Sel.Name == "Go"
			}
			if starts {
				violations = append(violations, s.at(n.Pos())+": the engine starts no goroutine: its driver decides what runs beside what")
			}
			return true
		})
	}
	return violations
}

func TestClock(t *testing.T) {
	t.Parallel()
	check(t, clock, []catch{
		{name: "durations are no clock", repo: repo{
			"window/w.go": "package window\nimport \"time\"\nvar d = 5 * time.Second\nvar u = time.UnixMilli(0)",
		}},
		{name: "the clock", repo: repo{
			"stream/s.go": "package stream\nimport \"time\"\nvar n = time.Now()\nfunc f() { time.Sleep(1) }",
		}, want: []string{
			"stream/s.go:3:9: stream must not use time.Now: time comes with the record or the tick",
			"stream/s.go:4:12: stream must not use time.Sleep: time comes with the record or the tick",
		}},
		{name: "the clock under another name, in a folder below", repo: repo{
			"internal/store/disk/d.go": "package disk\nimport clk \"time\"\nvar n = clk.Now",
		}, want: []string{"internal/store/disk/d.go:3:9: internal/store/disk must not use time.Now: time comes with the record or the tick"}},
		{name: "a method of that name", repo: repo{
			"table/t.go": "package table\nimport \"time\"\nfunc f(c interface{ Now() time.Time }) time.Time { return c.Now() }",
		}},
		{name: "randomness", repo: repo{
			"serde/s.go": "package serde\nimport \"math/rand/v2\"\nvar n = rand.Int()",
		}, want: []string{"serde/s.go:2:8: serde must not use \"math/rand/v2\": let the caller pass what is drawn"}},
		{name: "elsewhere and in tests", repo: repo{
			"monitor/m.go":     "package monitor\nimport \"time\"\nvar n = time.Now()",
			"stream/s_test.go": "package stream\nimport \"time\"\nvar n = time.Now()",
		}},
	})
}

func TestGoroutines(t *testing.T) {
	t.Parallel()
	const rule = ": the engine starts no goroutine: its driver decides what runs beside what"
	check(t, goroutines, []catch{
		{name: "both ways to start one", repo: repo{
			"internal/engine/e.go": "package engine\nimport \"sync\"\nfunc f(w *sync.WaitGroup) {\n go f(w)\n w.Go(func() {})\n}",
		}, want: []string{"internal/engine/e.go:4:2" + rule, "internal/engine/e.go:5:2" + rule}},
		{name: "elsewhere", repo: repo{"worker.go": "package millrace\nfunc f() { go f() }"}},
	})
}
