package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/embedded/brokertest"
	"github.com/millrace-go/millrace/internal/proctest"
)

func TestMain(m *testing.M) {
	proctest.Main(map[string]proctest.Program{"recover": func(context.Context, []string) error { main(); return nil }})
	os.Exit(m.Run())
}

// TestCases runs all cases on a small table: each measures something, and nothing is left.
func TestCases(t *testing.T) {
	t.Parallel()
	bootstrap, app, dir := brokertest.Bootstrap(t), brokertest.UniqueName(t, "recover"), t.TempDir()
	p := proctest.Start(t, "recover", "-bootstrap", bootstrap, "-app", app, "-dir", dir, "-keys", "10000", "-trickle", "1s", "-timeout", "2m")
	if err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"build: rows, rows/s ", "restart after SIGKILL: first, all tasks ", "restore: records/CPU-second ",
		"from one to three instances: longest pause ", "rolling restart of c: longest pause ", "fail-over: longest pause ",
	} {
		if !strings.Contains(strings.Join(p.Lines(), "\n"), "\n"+want) {
			t.Errorf("no line that begins with %q", want)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%q is left, %v", left, err)
	}
	all, err := brokertest.Admin(t, bootstrap).ListTopics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all.Names() {
		if strings.HasPrefix(name, app) {
			t.Errorf("topic %s is left", name)
		}
	}
}

// TestInstanceEnds: a case does not wait for an instance that has ended.
func TestInstanceEnds(t *testing.T) {
	t.Parallel()
	bootstrap, app, dir := brokertest.Bootstrap(t), brokertest.UniqueName(t, "recover"), t.TempDir()
	p := proctest.Start(t, "recover", "-bootstrap", bootstrap, "-app", app, "-dir", dir, "-keys", "10", "-session", "-1s", "-timeout", "2m")
	if err := p.Wait(); err == nil {
		t.Error("no error")
	}
	if log := strings.Join(p.Lines(), "\n"); !strings.Contains(log, "recover: build: instance a ended") || !strings.Contains(log, "Config.SessionTimeout") {
		t.Error(log)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"-dir", "a", "-keys", "0"}, {"-dir", "a", "-cases", "build,x"}} {
		p := proctest.Start(t, "recover", args...)
		if err := p.Wait(); err == nil {
			t.Errorf("%q: no error", args)
		}
		if log := strings.Join(p.Lines(), "\n"); !strings.HasPrefix(log, "recover: ") {
			t.Errorf("%q: %s", args, log)
		}
	}
}

// TestKey: the keys of a table differ, and their order is not that of their numbers.
func TestKey(t *testing.T) {
	t.Parallel()
	var keys []string
	for i := range 10_000 {
		keys = append(keys, string(key(i)))
	}
	sorted := slices.Sorted(slices.Values(keys))
	if slices.Equal(keys, sorted) || len(slices.Compact(sorted)) != len(keys) {
		t.Error("the keys are in order, or not all different")
	}
	if diff := cmp.Diff([]int64{-5, 7}, []int64{number(row("", -5)), number(row("", 7))}); diff != "" || len(row("", 1)) != rowBytes {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}
