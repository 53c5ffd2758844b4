package main

import (
	"testing"

	"github.com/tenterhook/tenterhook/guest-sdk/go"
)

func TestAFormIsItsFields(t *testing.T) {
	form := []tenterhook.Header{{Name: "name", Value: "Ada"}, {Name: "tag", Value: "a"}, {Name: "tag", Value: "b"}, {Name: "tag", Value: "c"}}
	answer, err := OnForm(tenterhook.Fake{Method: "POST", Form: form}.Event())
	if err != nil || string(answer.Body) != `{"name":"Ada","tag":["a","b","c"]}` {
		t.Errorf("%s %v", answer.Body, err)
	}
}

func TestAnythingElseIsRefused(t *testing.T) {
	answer, err := OnForm(tenterhook.Fake{Method: "POST", JSON: 1}.Event())
	if err != nil || answer.Status != 415 {
		t.Error(answer, err)
	}
}
