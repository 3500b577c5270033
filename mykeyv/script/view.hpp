// SPDX-License-Identifier: Apache-2.0
// Views: tables that show a tree which many calls share, and behave as a copy of it.
//
// The arguments of an update() are the same for all of its keys, and may have an entry for each of them: to build them anew for each
// key would be quadratic. So they are built once, and each call gets a view. Reading a member of a view costs the same whatever the
// tree's size. A view becomes a plain table, one level at a time, when it is written to, walked through, stored or sent; the tree never
// changes.
//
// A view holds, under two keys that no code can make, its original and the views of tables in it that were asked for; nothing else.
#pragma once

struct lua_State;

namespace mykeyv::script {

/// Makes views known to a fresh state, after make_marks.
void make_view_metatable(lua_State*);

/// Pushes a view of the value at `index`; of what is no table, the value itself. The value must not change any more.
void push_view(lua_State*, int index);

/// Makes a plain table of the value at `index` if it is a view. To be called before any raw access to a table of the code's.
/// Charges its size; throws killed.
void make_plain(lua_State*, int index);

}  // namespace mykeyv::script
