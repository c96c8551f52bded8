package config

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"candor/internal/errs"
	"candor/internal/strict/yamldoc"
)

// envPrefix begins the variables that set something.
const envPrefix = "CANDOR_"

// reader sets the fields of a Config, remembers where each was set, and collects
// what is wrong.
type reader struct {
	where map[string]string // of a setting: "line 3" or "CANDOR_DATA"
	found []*errs.Error
}

func (r *reader) wrong(where, path, format string, args ...any) {
	r.where[path] = where
	r.found = append(r.found, errs.New(errs.Invalid, "bad_config", format, args...).On(path))
}

// err gives all that is wrong, each with its place, or nil.
func (r *reader) err() error {
	if len(r.found) == 0 {
		return nil
	}
	lines := make([]string, len(r.found))
	for i, e := range r.found {
		lines[i] = e.Msg
		if at := r.at(e.Field); at != "" {
			lines[i] = at + ": " + e.Msg
		}
	}
	if len(lines) > 1 {
		lines = append([]string{fmt.Sprintf("%d settings are wrong:", len(lines))}, lines...)
	}
	return errs.New(errs.Invalid, r.found[0].Code, "%s", strings.Join(lines, "\n  ")).On(r.found[0].Field)
}

// at gives where a setting, or the nearest above it, was set.
func (r *reader) at(path string) string {
	for path != "" {
		if w := r.where[path]; w != "" {
			return w
		}
		path = path[:max(0, strings.LastIndexByte(path, '.'))]
	}
	return ""
}

// file reads YAML.
func (r *reader) file(b []byte, c *Config) {
	doc, faults := yamldoc.Read(b, maxFile)
	for _, f := range faults {
		r.wrong("line "+strconv.Itoa(f.Line), "line "+strconv.Itoa(f.Line), "%s", f.Msg)
	}
	if len(faults) == 0 {
		r.mapping(doc, reflect.ValueOf(c).Elem(), "")
	}
}

func (r *reader) mapping(n *yaml.Node, into reflect.Value, path string) {
	line := "line " + strconv.Itoa(n.Line)
	if n.Kind != yaml.MappingNode {
		r.wrong(line, path, "write names and values below it")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		line, below := "line "+strconv.Itoa(key.Line), join(path, key.Value)
		field, ok := fieldOf(into, key.Value)
		if !ok {
			r.wrong(line, below, "there is no setting %s; doc/configuration.md lists them", below)
			continue
		}
		r.where[below] = line
		r.value(value, field, below)
	}
}

func (r *reader) value(n *yaml.Node, into reflect.Value, path string) {
	line := "line " + strconv.Itoa(n.Line)
	switch {
	case n.Tag == "!!null":
	case into.Kind() == reflect.Struct:
		r.mapping(n, into, path)
	case into.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		for i, c := range n.Content {
			e := reflect.New(into.Type().Elem()).Elem()
			below := join(path, strconv.Itoa(i+1))
			r.where[below] = "line " + strconv.Itoa(c.Line)
			r.value(c, e, below)
			into.Set(reflect.Append(into, e))
		}
	case into.Kind() == reflect.Slice:
		r.wrong(line, path, "write a list")
	case n.Kind != yaml.ScalarNode:
		r.wrong(line, path, "write one value")
	default:
		r.scalar(line, n.Value, into, path)
	}
}

func (r *reader) scalar(where, text string, into reflect.Value, path string) {
	r.where[path] = where
	if into.Kind() != reflect.Int {
		into.SetString(text)
		return
	}
	n, err := strconv.Atoi(strings.ReplaceAll(text, "_", ""))
	if err != nil {
		r.wrong(where, path, "write a whole number")
		return
	}
	into.SetInt(int64(n))
}

// environment reads variables such as CANDOR_MAIL_RELAY. Lists are joined by
// commas; lists of more than texts stand in the file alone.
func (r *reader) environment(environ []string, c *Config) {
	set := map[string]string{}
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok && strings.HasPrefix(name, envPrefix) {
			set[name] = value
		}
	}
	for _, s := range settings(reflect.ValueOf(c).Elem(), "") {
		text, ok := set[Variable(s.path)]
		switch {
		case !ok:
		case s.value.Kind() == reflect.Slice:
			r.where[s.path] = Variable(s.path)
			s.value.Set(reflect.ValueOf(slices.DeleteFunc(strings.Split(text, ","), func(t string) bool { return t == "" })))
		default:
			r.scalar(Variable(s.path), text, s.value, s.path)
		}
	}
}

// Variable names the variable of a setting, such as CANDOR_MAIL_RELAY of
// mail.relay.
func Variable(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// setting is a field that one text can set.
type setting struct {
	path  string
	value reflect.Value
}

// settings lists the fields of a struct that one text can set.
func settings(of reflect.Value, path string) []setting {
	var out []setting
	for i := range of.NumField() {
		f, below := of.Field(i), join(path, of.Type().Field(i).Tag.Get("yaml"))
		switch {
		case f.Kind() == reflect.Struct:
			out = append(out, settings(f, below)...)
		case f.Kind() != reflect.Slice || f.Type().Elem().Kind() == reflect.String:
			out = append(out, setting{below, f})
		}
	}
	return out
}

func fieldOf(of reflect.Value, name string) (reflect.Value, bool) {
	for i := range of.NumField() {
		if of.Type().Field(i).Tag.Get("yaml") == name {
			return of.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// Sets reports whether a variable of the environment sets something.
func Sets(name string) bool {
	return slices.ContainsFunc(settings(reflect.ValueOf(&Config{}).Elem(), ""), func(s setting) bool { return Variable(s.path) == name })
}
