package millrace_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/millrace-go/millrace"
	"github.com/millrace-go/millrace/internal/embedded/brokertest"
)

// right is what an application's user must be allowed, and what the application says if it is not.
type right struct {
	name    string
	grant   *kadm.ACLBuilder
	missing []string         // parts of the error that name the right
	lesser  *kadm.ACLBuilder // what lets the application start all the same, so that it fails at work; may be nil
}

// TestACLs runs an application as a user who has the rights of rightsOf, and no others.
func TestACLs(t *testing.T) {
	t.Parallel()
	a, bootstrap, in, out := limited(t, func(rights []right) []*kadm.ACLBuilder { return grants(rights, -1) })
	a.await(millrace.StateRunning)
	brokertest.Produce(t, bootstrap, in, lines(10, 30)...)
	checkCounts(t, brokertest.Consume(t, bootstrap, out, 30, longest), countsOf(10, 30))
	if err := a.shutdown(); err != nil {
		t.Error(err)
	}
}

// TestMissingACL leaves out one right after the other, or leaves the lesser part of it: the application ends, and names it.
func TestMissingACL(t *testing.T) {
	t.Parallel()
	secure(t)
	for i, r := range rightsOf("", "", "") {
		for _, part := range []bool{false, true} {
			if part && r.lesser == nil {
				continue
			}
			t.Run(fmt.Sprintf("%s, in part %v", r.name, part), func(t *testing.T) {
				t.Parallel()
				var lacks right
				a, bootstrap, in, _ := limited(t, func(rights []right) []*kadm.ACLBuilder {
					lacks = rights[i]
					list := grants(rights, i)
					if part {
						list = append(list, lacks.lesser)
					}
					return list
				})
				brokertest.Produce(t, bootstrap, in, lines(10, 30)...)
				err := a.wait()
				if err != nil && strings.Contains(err.Error(), "one of") {
					t.Errorf("the error does not say which topic: %v", err)
				}
				for _, want := range lacks.missing {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("got %v, want an error with %q", err, want)
					}
				}
			})
		}
	}
}

// grants are all rights but one.
func grants(rights []right, but int) []*kadm.ACLBuilder {
	var list []*kadm.ACLBuilder
	for i, r := range rights {
		if i != but {
			list = append(list, r.grant)
		}
	}
	return list
}

// limited launches an application of a user who has only the rights that choose returns.
func limited(t *testing.T, choose func([]right) []*kadm.ACLBuilder) (a *app, plain, in, out string) {
	t.Helper()
	bootstrap, props := secure(t)
	props["sasl.username"], props["sasl.mechanisms"] = "bob", "PLAIN"
	cfg := testConfig(t)
	plain = cfg.Bootstrap
	id := newApp(t, plain)
	in, out = topics(t, plain, 1, 1)
	allow(t, plain, choose(rightsOf(id, in, out))...)
	cfg.Bootstrap, cfg.Properties = bootstrap, props
	return launch(t, wordCount(t, id, in, out), cfg), plain, in, out
}

// allow gives bob rights, and waits until they count.
func allow(t *testing.T, plain string, acls ...*kadm.ACLBuilder) {
	t.Helper()
	admin := brokertest.Admin(t, plain)
	for _, acl := range acls {
		acl.Allow("User:bob").AllowHosts()
		res, err := admin.CreateACLs(t.Context(), acl)
		if err != nil || res[0].Err != nil {
			t.Fatal(err, res)
		}
		until(t, "the broker's heeding the ACL", func() bool { // it answers before
			seen, err := admin.DescribeACLs(t.Context(), acl)
			check(t, err)
			return !slices.ContainsFunc(seen, func(r kadm.DescribeACLsResult) bool { return len(r.Described) == 0 })
		})
	}
}

// rightsOf are the rights, one by one. READ and WRITE bring DESCRIBE with them.
func rightsOf(app, in, out string) []right {
	topic := func(name string, op kadm.ACLOperation) *kadm.ACLBuilder {
		return kadm.NewACLs().Topics(name).ResourcePatternType(kadm.ACLPatternLiteral).Operations(op)
	}
	own := func(ops ...kadm.ACLOperation) *kadm.ACLBuilder {
		return kadm.NewACLs().Topics(app + "-").ResourcePatternType(kadm.ACLPatternPrefixed).Operations(ops...)
	}
	group := func(op kadm.ACLOperation) *kadm.ACLBuilder {
		return kadm.NewACLs().Groups(app).ResourcePatternType(kadm.ACLPatternLiteral).Operations(op)
	}
	return []right{
		{"read the sources", topic(in, kadm.OpRead), []string{"READ", in}, topic(in, kadm.OpDescribe)},
		{"write the sinks", topic(out, kadm.OpWrite), []string{"WRITE", out}, topic(out, kadm.OpDescribe)},
		{"create its own topics", own(kadm.OpCreate), []string{"CREATE on topic " + app + "-"}, nil},
		{"read their settings", own(kadm.OpDescribeConfigs), []string{"DESCRIBE_CONFIGS on topic " + app + "-"}, nil},
		{"read and write them, and purge what was read", own(kadm.OpRead, kadm.OpWrite, kadm.OpDelete), []string{"topic " + app + "-"}, nil},
		{"be in the group", group(kadm.OpRead), []string{"READ on group " + app}, group(kadm.OpDescribe)},
		{
			"write in transactions", kadm.NewACLs().TransactionalIDs(app + "-").ResourcePatternType(kadm.ACLPatternPrefixed).Operations(kadm.OpWrite),
			[]string{"WRITE on transactional id " + app + "-"},
			nil,
		},
	}
}

// TestResetNeedsACLs gives a user the rights to reset an application one after the other: until it has all, the error names the
// one that is missing.
func TestResetNeedsACLs(t *testing.T) {
	t.Parallel()
	bootstrap, props := secure(t)
	props["sasl.username"], props["sasl.mechanisms"] = "bob", "PLAIN"
	cfg := testConfig(t)
	plain := cfg.Bootstrap
	id := newApp(t, plain)
	cfg.ApplicationID, cfg.Bootstrap, cfg.Properties = id, bootstrap, props
	in, _ := topics(t, plain, 1, 1)
	brokertest.Topics(t, plain, brokertest.Topic{Name: id + "-tasks"}, brokertest.Topic{Name: id + "-counts-changelog"})
	var at kadm.Offsets
	at.Add(kadm.Offset{Topic: in, At: 0, LeaderEpoch: -1})
	_, err := brokertest.Admin(t, plain).CommitOffsets(t.Context(), id, at)
	check(t, err)
	group := func(op kadm.ACLOperation) *kadm.ACLBuilder {
		return kadm.NewACLs().Groups(id).ResourcePatternType(kadm.ACLPatternLiteral).Operations(op)
	}
	own := func(op kadm.ACLOperation) *kadm.ACLBuilder {
		return kadm.NewACLs().Topics(id + "-").ResourcePatternType(kadm.ACLPatternPrefixed).Operations(op)
	}
	source := kadm.NewACLs().Topics(in).ResourcePatternType(kadm.ACLPatternLiteral).Operations(kadm.OpDescribe)
	allow(t, plain, own(kadm.OpDescribe), source)
	for _, next := range []struct {
		missing string
		grant   *kadm.ACLBuilder
	}{
		{"DESCRIBE on group " + id, group(kadm.OpDescribe)},
		{"DELETE on group " + id, group(kadm.OpDelete)},
		{"DELETE on topic " + id + "-", own(kadm.OpDelete)},
	} {
		if _, err := millrace.Reset(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), next.missing) {
			t.Errorf("got %v, want an error with %q", err, next.missing)
		}
		allow(t, plain, next.grant)
	}
	if _, err := millrace.Reset(t.Context(), cfg); err != nil {
		t.Errorf("with all rights: %v", err)
	}
}
