// SPDX-License-Identifier: Apache-2.0
// The one door to the client library. Only the .cpp files and private headers of this folder include it.
#pragma once

#include <errmsg.h>
#include <mysql.h>
