package httpx

import (
	"reflect"
	"sync"
)

// lists makes nil slices in answers empty ones, so that no client meets null where a list is described. It remembers
// which types hold slices at all; the zero value is ready.
type lists struct {
	holding sync.Map // reflect.Type -> bool
}

// fill works on what the pointer points to.
func (l *lists) fill(pointer any) { l.walk(reflect.ValueOf(pointer).Elem()) }

func (l *lists) walk(v reflect.Value) {
	if !l.holds(v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Slice:
		if v.IsNil() && v.CanSet() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		for i := range v.Len() {
			l.walk(v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			l.walk(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				l.walk(v.Field(i))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			l.walk(v.Elem())
		}
	case reflect.Map:
		l.walkMap(v)
	}
}

// walkMap replaces the values, which cannot be changed in place.
func (l *lists) walkMap(v reflect.Value) {
	for _, key := range v.MapKeys() {
		value := reflect.New(v.Type().Elem()).Elem()
		value.Set(v.MapIndex(key))
		l.walk(value)
		v.SetMapIndex(key, value)
	}
}

// holds says whether a value of the type can reach a slice that becomes a JSON list. Values behind interfaces are the
// caller's own affair: they are not described.
func (l *lists) holds(t reflect.Type) bool {
	if known, ok := l.holding.Load(t); ok {
		return known.(bool)
	}
	// A type that contains itself holds what its other parts hold.
	l.holding.Store(t, false)
	found := l.look(t)
	l.holding.Store(t, found)
	return found
}

func (l *lists) look(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice:
		return t.Elem().Kind() != reflect.Uint8
	case reflect.Array, reflect.Pointer, reflect.Map:
		return l.holds(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() && l.holds(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
