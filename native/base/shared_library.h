// Libraries that are found and loaded at run time.
#pragma once

#include <string>

namespace w2v {

// A path beside the file that this code is in (the addon, the program).
std::string path_beside_this_code(const std::string& name);

// The address of a symbol in a library, which stays loaded until the process ends. nullptr: `why` tells.
void* load_symbol(const std::string& library, const char* symbol, std::string& why);

}  // namespace w2v
