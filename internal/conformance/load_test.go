package conformance

import (
	"bytes"
	"compress/gzip"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const line = `{"scenario":"filter","case":"filter/hand=one","params":{"graceMs":5,"wall":true,"store":"inmemory"},` +
	`"input":[{"topic":"in","key":"k","value":"even","ts":7,"headers":[["h","1"],["h",null]]},{"advanceWallClockMs":3}],` +
	`"output":[{"topic":"out","key":"k","value":"even","ts":7,"headers":[["h","1"],["h",null]]}],"outputAfter":[1,1],"stores":{},"dropped":0}`

func TestLoadFS(t *testing.T) {
	t.Parallel()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte(line)); err != nil { // no newline at the end
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	cases, err := LoadFS(fstest.MapFS{
		"v/b.jsonl":     {Data: []byte(line + "\n\n" + strings.Replace(line, "one", "two", 1) + "\n")},
		"v/a.jsonl.gz":  {Data: zipped.Bytes()},
		"v/README.md":   {Data: []byte("not a case")},
		"v/sub/c.jsonl": {Data: []byte("not looked at")},
	}, "v")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range cases {
		names = append(names, c.Name)
		if d := Check(c); d != nil {
			t.Errorf("%s", d)
		}
	}
	if diff := cmp.Diff([]string{"filter/hand=one", "filter/hand=one", "filter/hand=two"}, names); diff != "" {
		t.Error(diff)
	}
	c := cases[0]
	grace, ok := c.Params.Int("graceMs")
	if grace != 5 || !ok || !c.Params.Is("wall") || c.Params.Text("store") != "inmemory" || c.Params.Text("none") != "" {
		t.Errorf("parameters are read as %v %v %v %q", grace, ok, c.Params.Is("wall"), c.Params.Text("store"))
	}
	if s := c.Input[0].String(); s != `in: "k" -> "even" at 7 h="1" h=null` {
		t.Error(s)
	}
}

func TestLoadFSRefuses(t *testing.T) {
	t.Parallel()
	replaced := func(old, by string) string {
		if !strings.Contains(line, old) {
			t.Fatalf("no %s in the line", old)
		}
		return strings.Replace(line, old, by, 1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"no JSON", "{", "v.jsonl, line 2"},
		{"no scenario", replaced(`"scenario":"filter",`, ""), "needs a scenario and a name"},
		{"steps without counts", replaced("[1,1]", "[1]"), "outputAfter has 1 numbers for 2 steps"},
		{"counts that fall", replaced("[1,1]", "[1,0]"), "outputAfter[1] is 0"},
		{"more than there are", replaced("[1,1]", "[1,2]"), "outputAfter[1] is 2"},
		{"records after the end", replaced("[1,1]", "[0,0]"), "outputAfter ends with 0, and there are 1 records"},
		{"a fraction", replaced(`"ts":7`, `"ts":7.5`), "line 2"},
		{"a value that is no value", replaced(`"value":"even"`, `"value":1.5`), "neither a string, nor a 64-bit integer, nor null"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := LoadFS(fstest.MapFS{"v.jsonl": {Data: []byte("\n" + c.text)}}, "v.jsonl")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestLoadOfNothing(t *testing.T) {
	t.Parallel()
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "holds no cases") {
		t.Errorf("an empty folder: got error %v", err)
	}
	if _, err := Load("no such file.jsonl"); err == nil {
		t.Error("a file that is not there: no error")
	}
}

func TestValueKeepsAllDigits(t *testing.T) {
	t.Parallel()
	var v Value
	if err := v.UnmarshalJSON([]byte("9223372036854775807")); err != nil || v != Number(math.MaxInt64) {
		t.Errorf("got %v, %v", v, err)
	}
	if err := v.UnmarshalJSON([]byte("9223372036854775808")); err == nil {
		t.Errorf("a number beyond int64 is read as %v", v)
	}
}
